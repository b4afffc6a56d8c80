"""Exact places of the program, by name, where a test may let it die.

Whatever must survive a kill passes a place after each of its writes. In a town nobody watches,
and passing costs a comparison.
"""

from collections.abc import Callable

Watcher = Callable[[str], None]
_watcher: Watcher | None = None


def reached(place: str) -> None:
    """Say that a write is done; `place` is its name, such as ``book.committed``."""
    if _watcher is not None:
        _watcher(place)


def watch(watcher: Watcher | None) -> None:
    """From now on `watcher` is called at each place, in the thread that passes it; None: nobody."""
    global _watcher
    _watcher = watcher
