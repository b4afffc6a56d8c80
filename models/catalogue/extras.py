"""The extras of pyproject.toml that work here needs: which are installed, and how to get one."""

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Literal

Extra = Literal["train", "quantise"]
PACKAGES: Mapping[Extra, tuple[str, ...]] = {
    "train": ("onnx", "torch", "ultralytics"),
    "quantise": ("onnx",),
}


def has_extra(extra: Extra) -> bool:
    """Whether it is installed."""
    return all(find_spec(name) is not None for name in PACKAGES[extra])


def how_to_install(extra: Extra) -> str:
    """In words; the product is in no package registry."""
    return f"install it in the product's folder: .venv/bin/pip install -e '.[{extra}]'"
