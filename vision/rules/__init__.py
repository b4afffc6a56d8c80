"""Rules 规则: what each kind of incident is, and what only rules need to judge it."""
