"""The catalogue: which models there are, where they come from, and their verified files."""
