"""A fresh start for `--check`: what an earlier run left is set aside, not counted and not lost."""

import shutil
from pathlib import Path

EARLIER = "earlier"
KEPT = frozenset({"models", EARLIER})
"""What stays where it is: imported models, and what was set aside."""


def set_aside(data_dir: Path) -> Path | None:
    """Move the state of an earlier run into `data_dir`/earlier, in place of what was there.

    Returns:
        Where it is now; None if there was nothing to move.
    """
    used = [path for path in data_dir.glob("*") if path.name not in KEPT]
    if not used:
        return None
    earlier = data_dir / EARLIER
    shutil.rmtree(earlier, ignore_errors=True)
    earlier.mkdir()
    for path in used:
        path.rename(earlier / path.name)
    return earlier
