"""Sets to learn from, made of what a town's people decided about its own cases."""
