"""`patrol bench`: the real processes, many cameras, planted fires, and what it all cost."""
