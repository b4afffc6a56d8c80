"""Training a detector of our own. The only importer of ultralytics and torch, and only when asked.

The extra `[train]` brings both; whoever only looks at cameras needs neither.
"""
