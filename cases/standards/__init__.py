"""Limits of stages as versioned data: the file that comes with the program."""
