"""Clips in the browser of those who will watch them: Debian's chromium."""

import functools
import shutil
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from streams.clip import browser_copy, write_clip
from tests.media import make_clip
from tests.streams.footage import packets_of

pytestmark = pytest.mark.browser

PLAY = """
url => new Promise(done => {
  const video = document.createElement("video");
  video.muted = true;
  const tell = how => done({how, duration: video.duration, width: video.videoWidth,
                            shown: video.getVideoPlaybackQuality().totalVideoFrames});
  video.onended = () => tell("ended");
  video.onerror = () => tell("error " + video.error.message);
  video.src = url;
  video.playbackRate = 4;
  document.body.append(video);
  video.play().catch(error => tell("refused " + error));
})
"""


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Quiet, directory=str(tmp_path))
    )
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_clips_play_to_their_end(tmp_path: Path, served: str) -> None:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("no chromium on this machine (Debian: apt install chromium)")
    plain = packets_of(make_clip(tmp_path / "a.mp4"))
    reordered = packets_of(make_clip(tmp_path / "b.mp4", with_b_frames=True))
    hevc = packets_of(make_clip(tmp_path / "c.mp4", codec="hevc"))
    write_clip(plain[10:], tmp_path / "plain.mp4")
    write_clip(reordered[10:], tmp_path / "reordered.mp4")
    write_clip(hevc[10:], tmp_path / "hevc.mp4")
    browser_copy(tmp_path / "hevc.mp4", tmp_path / "copy.mp4")

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(f"{served}/")
        played = {
            name: page.evaluate(PLAY, f"{served}/{name}.mp4")
            for name in ("plain", "reordered", "copy")
        }
        browser.close()

    for name, result in played.items():
        assert (name, result["how"], result["width"]) == (name, "ended", 320)
        assert result["duration"] == pytest.approx(3, abs=0.05)
        assert result["shown"] > 0
