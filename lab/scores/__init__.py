"""Scores 评分: how good a detector is on pictures that people labelled."""
