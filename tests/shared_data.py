"""The development data beside the checkout, for tests marked `shared_data`.

Looked for in the folder named by PATROL_SHARED_DATA, else in ../shared/data beside the checkout.
"""

import os
from pathlib import Path

import pytest

VARIABLE = "PATROL_SHARED_DATA"
_CHECKOUT = Path(__file__).resolve().parent.parent


def shared_data(relative: str = "") -> Path:
    """The path of something in the shared data; skips the test, and says so, without it."""
    path = shared_root() / relative
    if not path.exists():
        pytest.skip(f"{path} does not exist; set {VARIABLE} to the development data")
    return path


def shared_root() -> Path:
    """Where the shared data lies, if it does."""
    return Path(os.environ.get(VARIABLE) or _CHECKOUT.parent / "shared" / "data")
