"""Heads: how what a network gives becomes boxes."""
