"""How much of what could go on for ever: a little at every run, more with `scripts/test --long`.

A test that repeats itself says both numbers with its mark and asks for the one that holds:

    KILLS = steps(12, 200)

    @pytest.mark.steps(12, 200)
    def test_kills_at_random_moments() -> None: ...

Every run prints both at its end. A test that is worth nothing with few steps is marked `long`, and
runs with `--long` alone.
"""

import os

LONG = os.environ.get("PATROL_LONG") == "1"
"""Whether this is `scripts/test --long`."""


def steps(usual: int, long: int) -> int:
    """The number of steps of this run."""
    return long if LONG else usual
