"""What pyproject.toml asks for and what requirements/*.lock hold agree."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
LOCKS = ROOT / "requirements"
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
EXTRAS: dict[str, list[str]] = PROJECT["project"]["optional-dependencies"]
ASKED = {
    "build": PROJECT["build-system"]["requires"],
    "program": PROJECT["project"]["dependencies"],
    **{name: PROJECT["project"]["dependencies"] + asked for name, asked in EXTRAS.items()},
}
"""Lock → what it must satisfy."""
PIN = re.compile(r"^(?P<name>[\w.-]+)(?:\[.*\])?==(?P<version>[^ ;\\]+)(?: ; (?P<marker>[^\\]+))?")
PYTHONS = ("3.11", "3.12", "3.13")


class Pin(NamedTuple):
    """One locked version of one package."""

    name: str
    version: str
    marker: str
    hashes: int

    def holds(self, python: str) -> bool:
        """Whether this pin is installed on Linux by that Python."""
        place = {
            "python_version": python, "python_full_version": f"{python}.9",
            "sys_platform": "linux", "platform_machine": "x86_64", "platform_system": "Linux",
        }  # fmt: skip
        return not self.marker or Marker(self.marker).evaluate(place)


def pins(lock: str) -> Iterator[Pin]:
    for block in re.split(r"\n(?=\S)", (LOCKS / f"{lock}.lock").read_text("utf-8")):
        if found := PIN.match(block):
            marker = (found["marker"] or "").strip()
            hashes = len(re.findall(r"--hash=sha256:[0-9a-f]{64}\b", block))
            yield Pin(canonicalize_name(found["name"]), found["version"], marker, hashes)


def test_there_is_a_lock_for_the_program_for_each_extra_and_for_the_build() -> None:
    assert {path.stem for path in LOCKS.glob("*.lock")} == ASKED.keys()


@pytest.mark.parametrize("lock", ASKED)
def test_every_range_holds_what_is_locked(lock: str) -> None:
    locked: dict[str, list[Pin]] = {}
    for pin in pins(lock):
        locked.setdefault(pin.name, []).append(pin)
    wrong = [
        f"{asked}, locked: {[pin.version for pin in found] or 'nothing'}"
        for asked in map(Requirement, ASKED[lock])
        for found in [locked.get(canonicalize_name(asked.name), [])]
        if not found or not all(asked.specifier.contains(pin.version) for pin in found)
    ]
    assert not wrong, f"requirements/{lock}.lock is behind pyproject.toml: scripts/lock\n{wrong}"


@pytest.mark.parametrize("lock", ASKED)
def test_every_pin_has_a_hash_and_no_address(lock: str) -> None:
    found = list(pins(lock))
    assert found
    assert [pin for pin in found if not pin.hashes] == []
    assert "://" not in (LOCKS / f"{lock}.lock").read_text("utf-8")


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("lock", ASKED)
def test_each_python_gets_one_version_of_a_package(lock: str, python: str) -> None:
    names = [pin.name for pin in pins(lock) if pin.holds(python)]
    assert len(names) == len(set(names))
    wanted = {canonicalize_name(Requirement(asked).name) for asked in ASKED[lock]}
    assert wanted <= set(names)


def test_no_two_locks_differ() -> None:
    """A venv that gets one extra after the other is not changed back and forth."""
    first: dict[tuple[str, str], Pin] = {}
    for lock in sorted(ASKED):
        for pin in pins(lock):
            for python in filter(pin.holds, PYTHONS):
                held = first.setdefault((pin.name, python), pin)
                assert pin.version == held.version, f"requirements/{lock}.lock: {pin.name}"
