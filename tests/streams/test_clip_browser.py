"""Clips in the browser of those who will watch them: Debian's chromium."""

import functools
import shutil
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import av
import pytest
from playwright.sync_api import sync_playwright

from streams.clip import browser_copy, plays_in_browsers, write_clip
from tests.lacking import lacking
from tests.media import make_clip, moving_picture
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
        lacking("no chromium on this machine (Debian: apt install chromium)")
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


ODD = {
    "hi10": ("libx264", "yuv420p10le", "high10"),
    "hi422": ("libx264", "yuv422p", "high422"),
    "hi444": ("libx264", "yuv444p", "high444"),
    "baseline": ("libx264", "yuv420p", "baseline"),
    "main": ("libx264", "yuv420p", "main"),
    "high": ("libx264", "yuv420p", "high"),
    "full range": ("libx264", "yuvj420p", "high"),
    "mpeg4": ("mpeg4", "yuv420p", ""),
}


def coded_as(path: Path, encoder: str, pixels: str, profile: str) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream(encoder, rate=10)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 320, 180, pixels
        stream.options = {"profile": profile, "preset": "veryfast"} if profile else {}
        stream.codec_context.gop_size = 10
        for number in range(20):
            picture = av.VideoFrame.from_ndarray(moving_picture(number, (320, 180)), "bgr24")
            container.mux(stream.encode(picture.reformat(format=pixels)))
        container.mux(stream.encode(None))
    return path


def test_a_preview_is_made_exactly_of_what_does_not_play(tmp_path: Path, served: str) -> None:
    chromium = shutil.which("chromium")
    if chromium is None:
        lacking("no chromium on this machine (Debian: apt install chromium)")
    judged = {}
    for name, (encoder, pixels, profile) in ODD.items():
        packets = packets_of(coded_as(tmp_path / f"{name}.mkv", encoder, pixels, profile))
        write_clip(packets, tmp_path / f"{name}.mp4")
        judged[name] = plays_in_browsers(packets[0].stream)
        if not judged[name]:
            browser_copy(tmp_path / f"{name}.mp4", tmp_path / f"{name} copy.mp4")

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(f"{served}/")
        how = {
            name: page.evaluate(PLAY, f"{served}/{name if plays else name + ' copy'}.mp4")["how"]
            for name, plays in judged.items()
        }
        browser.close()

    assert set(how.values()) == {"ended"}, how
    assert [name for name, plays in judged.items() if plays] == [
        "baseline", "main", "high", "full range",
    ]  # fmt: skip
