"""A foreign client plays simulated cameras: GStreamer's rtspsrc, as Debian packages it."""

import subprocess
from pathlib import Path

import pytest

from lab.footage.simulator import Simulator
from lab.footage.simulator.auth import AuthScheme
from tests.lacking import lacking
from tests.media import Codec, make_clip

PYTHON = "/usr/bin/python3"
"""Debian's, which has the bindings; ours has not."""
NEEDED = ("rtspsrc", "rtph264depay", "rtph265depay", "h264parse", "h265parse")
FIND = f"""
import sys, gi
gi.require_version("Gst", "1.0")
from gi.repository import Gst
Gst.init(None)
sys.exit(" ".join(n for n in {NEEDED} if not Gst.ElementFactory.find(n)) or 0)
"""
PLAY = """
import sys, gi
gi.require_version("Gst", "1.0")
from gi.repository import Gst
Gst.init(None)
pipeline = Gst.parse_launch(sys.argv[1])
pipeline.set_state(Gst.State.PLAYING)
ended = Gst.MessageType.EOS | Gst.MessageType.ERROR
message = pipeline.get_bus().timed_pop_filtered(30 * Gst.SECOND, ended)
pipeline.set_state(Gst.State.NULL)
if message is None:
    sys.exit("no end within 30 s")
if message.type == Gst.MessageType.ERROR:
    sys.exit(str(message.parse_error()))
"""


@pytest.fixture(scope="module")
def gstreamer() -> None:
    try:
        subprocess.run([PYTHON, "-c", FIND], check=True, capture_output=True, timeout=60)
    except (OSError, subprocess.CalledProcessError) as error:
        why = getattr(error, "stderr", b"") or error
        lacking(f"needs python3-gi and gstreamer1.0-plugins-good/-bad: {why!r}")


@pytest.mark.peer
@pytest.mark.usefixtures("gstreamer")
@pytest.mark.parametrize("protocol", ["tcp", "udp"])
@pytest.mark.parametrize(("codec", "auth"), [("h264", "digest"), ("hevc", "basic")])
def test_gstreamer_plays(tmp_path: Path, codec: Codec, auth: AuthScheme, protocol: str) -> None:
    clip = make_clip(tmp_path / "clip.mp4", seconds=2, codec=codec, fps=20)
    kind = {"h264": "h264", "hevc": "h265"}[codec]
    with Simulator({"gate": clip}, credentials=("admin", "12345"), auth=auth) as simulator:
        done = subprocess.run(
            [
                *(PYTHON, "-c", PLAY),
                f"rtspsrc location={simulator.url('gate')} user-id=admin user-pw=12345 "
                f"protocols={protocol} latency=100 ! rtp{kind}depay ! {kind}parse ! "
                "video/x-" + kind + ",alignment=au ! fakesink num-buffers=60",
            ],
            capture_output=True,
            text=True,
            timeout=60,
        )

    assert done.returncode == 0, done.stderr
