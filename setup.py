"""What pyproject.toml cannot say: a built package knows the commit that it was built from.

The commit is $PATROL_COMMIT, for builds without a repository such as the image's, else git's own
word. A package built from neither tells its version alone.
"""

import os
from pathlib import Path
from subprocess import run

from setuptools import setup
from setuptools.command.build_py import build_py


class BuildWithCommit(build_py):
    def run(self) -> None:
        super().run()
        commit = os.environ.get("PATROL_COMMIT") or _commit_of_git()
        if commit and not self.editable_mode:
            Path(self.build_lib, "patrol", "commit.txt").write_text(f"{commit}\n", "utf-8")


def _commit_of_git() -> str:
    try:
        git = run(["git", "rev-parse", "HEAD"], cwd=Path(__file__).parent, capture_output=True)
    except OSError:
        return ""
    return git.stdout.decode("ascii", "replace").strip() if git.returncode == 0 else ""


setup(cmdclass={"build_py": BuildWithCommit})
