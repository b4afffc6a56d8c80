"""What pip shall install before the program itself, from pyproject.toml in the working directory.

usage: python3 requirements.py [EXTRA[,EXTRA…]] > requirements.txt
"""

import sys
import tomllib
from pathlib import Path


def requirements(project_file: Path, extras: str) -> list[str]:
    """The dependencies of the program, and those of some extras: names with commas between.

    Raises:
        SystemExit: there is no such extra.
    """
    project = tomllib.loads(project_file.read_text(encoding="utf-8"))["project"]
    optional = project["optional-dependencies"]
    wanted = [extra for extra in extras.split(",") if extra]
    if unknown := sorted(set(wanted) - set(optional)):
        known = ", ".join(sorted(optional))
        raise SystemExit(f"expected extras out of {known}, got {', '.join(unknown)}")
    return [*project["dependencies"], *(line for extra in wanted for line in optional[extra])]


if __name__ == "__main__":
    lines = requirements(Path("pyproject.toml"), ",".join(sys.argv[1:]))
    sys.stdout.write("".join(f"{line}\n" for line in lines))
