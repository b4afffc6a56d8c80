"""The command line as people meet it, without a new process for each call."""

from collections.abc import Callable

PatrolHere = Callable[..., tuple[int, str, str]]
"""Runs `patrol` with these words: its exit code, standard output and standard error."""
