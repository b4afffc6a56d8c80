"""Detectors at run time: the catalogue, sessions and heads."""
