"""Where the demo's source clip comes from: OpenCV's samples, on disk or from Debian's mirror."""

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from domain.errors import ConfigurationError

CLIP = "vtest.avi"
"""80 s of a square: people cross it, a van is parked. It comes with OpenCV's samples."""
PACKAGE = "opencv-doc"
APT_TIMEOUT_S = 1800.0

SAMPLE_DIRS = (
    Path("/usr/share/doc/opencv-doc/examples/data"),
    Path("/usr/share/opencv4/samples/data"),
    Path("/usr/local/share/opencv4/samples/data"),
    Path("/usr/share/opencv/samples/data"),
    Path("/opt/homebrew/share/opencv4/samples/data"),
)

Progress = Callable[[int, int], None]
"""Called with bytes done, bytes in all."""


def find_clip(cache: Path, sample_dirs: tuple[Path, ...] = SAMPLE_DIRS) -> Path | None:
    """The clip, where it already lies on this machine."""
    places = [folder / CLIP for folder in (cache, *sample_dirs)]
    return next((place for place in places if place.is_file()), None)


def fetch_clip(cache: Path, progress: Progress = lambda done, of: None) -> Path:
    """Fetch the clip with `apt-get download`, which needs no root, and keep it in `cache`.

    Raises:
        ConfigurationError: this is not Debian or Ubuntu, or its mirror cannot be reached.
    """
    for tool in ("apt-get", "dpkg-deb"):
        if shutil.which(tool) is None:
            raise ConfigurationError(_no_clip(f"there is no {tool} to fetch it with"))
    cache.mkdir(parents=True, exist_ok=True)
    package = _download(cache, progress)
    clip = _unpack(package, cache)
    package.unlink()
    return clip


def _download(cache: Path, progress: Progress) -> Path:
    """The package's file in `cache`."""
    size_bytes = _package_bytes()
    command = ["apt-get", "download", PACKAGE]
    with subprocess.Popen(
        command, cwd=cache, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        while _still_runs(process):
            progress(sum(p.stat().st_size for p in cache.glob(f"{PACKAGE}_*")), size_bytes)
        said = process.stderr.read() if process.stderr else ""
    packages = sorted(cache.glob(f"{PACKAGE}_*.deb"))
    if process.returncode != 0 or not packages:
        raise ConfigurationError(_no_clip(f"apt-get download {PACKAGE} said: {said.strip()}"))
    return packages[-1]


def _still_runs(process: subprocess.Popen[str]) -> bool:
    try:
        process.wait(timeout=0.3)
    except subprocess.TimeoutExpired:
        return True
    return False


def _package_bytes() -> int:
    """How large the package is, by apt's own lists; 0 when they do not say."""
    shown = subprocess.run(
        ["apt-cache", "show", "--no-all-versions", PACKAGE],
        capture_output=True, text=True, check=False,
    ).stdout  # fmt: skip
    size = re.search(r"^Size: (\d+)$", shown, re.MULTILINE)
    return int(size[1]) if size else 0


def _unpack(package: Path, cache: Path) -> Path:
    """Take the one clip out of the package."""
    folder = cache / "unpacked"
    subprocess.run(
        ["dpkg-deb", "-x", package.name, folder.name], cwd=cache, check=True, timeout=APT_TIMEOUT_S
    )
    found = sorted(folder.rglob(CLIP))
    if not found:
        raise ConfigurationError(_no_clip(f"{package.name} does not hold it"))
    clip = found[0].replace(cache / CLIP)
    shutil.rmtree(folder)
    return clip


def _no_clip(why: str) -> str:
    return (
        f"expected the clip {CLIP} of OpenCV's samples, but {why}.\n"
        "Give clips of your own instead: scripts/demo --media DIR"
    )
