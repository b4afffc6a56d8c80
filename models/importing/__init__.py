"""Bringing a model in: tried in a process of its own, recognised, and written down."""
