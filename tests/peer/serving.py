"""Debian's gst-rtsp-server for tests: whether it is here, and a running one."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.lacking import lacking

PYTHON = "/usr/bin/python3"
"""Debian's, which has the bindings; ours has not."""
SERVER = Path(__file__).with_name("gst_server.py")
FIND = """
import gi
gi.require_version("Gst", "1.0"); gi.require_version("GstRtspServer", "1.0")
from gi.repository import Gst, GstRtspServer
Gst.init(None)
missing = [n for n in ("qtdemux", "h264parse", "h265parse", "rtph264pay", "rtph265pay")
           if not Gst.ElementFactory.find(n)]
raise SystemExit(" ".join(missing) or 0)
"""


def skip_without_gst() -> None:
    """Skip the test where the server is not installed."""
    try:
        found = subprocess.run(
            [PYTHON, "-c", FIND], capture_output=True, text=True, check=False, timeout=30
        )
    except FileNotFoundError:
        lacking(f"needs {PYTHON} with GStreamer's bindings")
    if found.returncode:
        why = found.stderr.strip().splitlines()[-1:]
        lacking(f"needs gir1.2-gst-rtsp-server-1.0 and GStreamer's plugins: {why}")


@contextmanager
def served(*arguments: str) -> Iterator[int]:
    """A running server; gives its port."""
    with subprocess.Popen(
        [PYTHON, str(SERVER), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        word, port = process.stdout.readline().split()
        assert word == "ready"
        yield int(port)
