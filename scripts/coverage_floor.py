#!/usr/bin/env python3
"""Whether the tests ran through enough of each package: the floors, what is there, and exit code 1
where a package is below its floor.

usage: scripts/coverage_floor.py REPORT.json      as `coverage json` or pytest-cov writes it
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import NamedTuple

FLOORS = {"domain": 95.0, "vision": 95.0, "cases": 95.0}
"""Package → the least percentage of its lines and branches."""
FLOOR_OF_ALL = 90.0
NOT_OF_THE_PROGRAM = frozenset({"tests", "scripts", "docker", "setup.py"})
"""Tests run nearly whole: counted, they would lift the figure of what they test."""


class Ran(NamedTuple):
    """Lines and branches of some files, and how many of them ran."""

    there: int = 0
    ran: int = 0

    def __add__(self, other: object) -> "Ran":
        if not isinstance(other, Ran):
            return NotImplemented
        return Ran(self.there + other.there, self.ran + other.ran)

    @property
    def percent(self) -> float:
        return 100.0 * self.ran / self.there if self.there else 0.0


def by_package(report: Mapping[str, object]) -> dict[str, Ran]:
    """What ran of each package of the program. ValueError for what is no report of coverage."""
    files = report.get("files")
    if not isinstance(files, dict):
        raise ValueError("expected a JSON report of coverage with `files`")
    packages: dict[str, Ran] = {}
    for name, file in files.items():
        package = PurePosixPath(name.replace("\\", "/")).parts[0]
        if package not in NOT_OF_THE_PROGRAM:
            packages[package] = packages.get(package, Ran()) + _ran(file["summary"])
    return packages


def _ran(summary: Mapping[str, int]) -> Ran:
    return Ran(
        summary["num_statements"] + summary.get("num_branches", 0),
        summary["covered_lines"] + summary.get("covered_branches", 0),
    )


def below(packages: Mapping[str, Ran]) -> list[str]:
    """What is below its floor, in words. A package of which nothing was measured is below."""
    figures = {name: (packages.get(name, Ran()), floor) for name, floor in FLOORS.items()}
    figures["all"] = (sum(packages.values(), start=Ran()), FLOOR_OF_ALL)
    return [
        f"{name}: {ran.percent:.1f} % ran, expected {floor:g} %"
        for name, (ran, floor) in figures.items()
        if ran.percent < floor
    ]


def main() -> int:
    if len(sys.argv) != 2:
        sys.stderr.write(str(__doc__))
        return 2
    packages = by_package(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    whole = sum(packages.values(), start=Ran())
    figures = [(name, ran) for name, ran in sorted(packages.items()) if ran.there]
    for name, ran in [*figures, ("all", whole)]:
        floor = FLOOR_OF_ALL if name == "all" else FLOORS.get(name)
        sys.stdout.write(
            f"{name:<16}{ran.percent:6.1f} %{f'   floor {floor:g} %' if floor else ''}\n"
        )
    wrong = below(packages)
    for line in wrong:
        sys.stderr.write(f"coverage below its floor: {line}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
