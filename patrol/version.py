"""Which version this is, and from which commit: asked first of every report of a fault."""

from pathlib import Path
from subprocess import DEVNULL, TimeoutExpired, run

from patrol import __version__

PACKAGE = Path(__file__).parent
BAKED = "commit.txt"
"""Beside this file in built packages and images; setup.py writes it."""
SHOWN = 12
"""Digits of a commit that are shown."""
GIT_TIMEOUT_S = 5.0


def version(package: Path = PACKAGE) -> str:
    """The version with its commit, such as `0.2.0 (9be942e4a1c0)`.

    A commit with uncommitted changes ends in `+changes`. Without a repository and without a
    baked commit: the version alone.
    """
    commit = _baked(package) or _of_checkout(package.parent)
    return f"{__version__} ({commit})" if commit else __version__


def _baked(package: Path) -> str:
    try:
        return (package / BAKED).read_text(encoding="utf-8").strip()[:SHOWN]
    except FileNotFoundError:
        return ""


def _of_checkout(root: Path) -> str:
    """What git says of `root`, which must be a checkout itself: a program that was installed
    somewhere inside another project's checkout is not of that project's commit."""
    if not (root / ".git").exists():
        return ""
    commit = _git(root, "rev-parse", "HEAD")[:SHOWN]
    changed = commit and _git(root, "status", "--porcelain", "--untracked-files=no")
    return f"{commit}+changes" if changed else commit


def _git(root: Path, *words: str) -> str:
    """The output of git; empty when it fails or is not there."""
    command = ["git", "-C", str(root), *words]
    try:
        done = run(command, stdin=DEVNULL, capture_output=True, timeout=GIT_TIMEOUT_S)
    except (OSError, TimeoutExpired):
        return ""
    return done.stdout.decode("utf-8", "replace").strip() if done.returncode == 0 else ""
