"""The demo's stage: its eight cameras behind one RTSP server, faults included."""

import os
from collections.abc import Mapping
from pathlib import Path

from domain.errors import ConfigurationError
from lab.footage.demo.recipes import RECIPES
from lab.footage.simulator import Fault, Simulator

FAULTS: Mapping[str, Fault] = {"drops": Fault.parse("drop:every=20s")}
PORT_VARIABLE = "DEMO_RTSP_PORT"
"""`configs/demo.yaml` takes the cameras' port from this environment variable."""


def demo_cameras(media_dir: Path) -> Simulator:
    """The demo's cameras on a free port, from the clips in `media_dir`.

    Raises:
        ConfigurationError: a clip is not there.
    """
    media = {recipe.camera: media_dir / f"{recipe.camera}.mp4" for recipe in RECIPES}
    if missing := [path.name for path in media.values() if not path.exists()]:
        raise ConfigurationError(
            f"expected the demo's clips in {media_dir}, missing: {', '.join(missing)}; "
            "make them with: python -m lab.footage.demo"
        )
    return Simulator(media, faults=FAULTS)


def announce(cameras: Simulator) -> None:
    """Let this process and its children know on which port the cameras are."""
    os.environ[PORT_VARIABLE] = str(cameras.port)
