"""The program: command line, center, supervisor, logs, and the wiring of each process."""

__version__ = "0.2.0"
