"""Sealed files: what was seen, kept so that nobody can alter it unnoticed."""
