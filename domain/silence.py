"""How often a worker tells of itself, and after which silence it is believed no more.

One place for both: who listens must be more patient than who speaks.
"""

from datetime import timedelta

LOOKS_EVERY_S = 5.0
"""A worker sums up its looks this often."""
HEALTH_EVERY_S = 30.0
"""A camera's health is said when it changes, and again this often."""

LOOKS_SILENT_AFTER_S = 6 * LOOKS_EVERY_S
"""A worker that summed up nothing for so long does not work."""
SILENT_AFTER = timedelta(seconds=3 * HEALTH_EVERY_S)
"""Of a camera that nobody told of for so long nothing is known, whatever was said last."""
