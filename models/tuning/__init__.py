"""Tuning: which way to compute is fastest on this machine, timed once and kept."""
