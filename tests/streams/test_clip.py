import errno
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import av
import numpy as np
import pytest

from streams.clip import browser_copy, write_clip
from tests.media import Codec, make_clip
from tests.streams.footage import START, facts_of, packets_of
from tests.streams.test_decoder import old_clip


@pytest.mark.parametrize("with_b_frames", [False, True])
@pytest.mark.parametrize(("codec", "tag"), [("h264", "avc1"), ("hevc", "hvc1")])
def test_a_clip_is_whole_and_playable(
    tmp_path: Path, codec: Codec, tag: str, with_b_frames: bool
) -> None:
    packets = packets_of(make_clip(tmp_path / "a.mp4", codec=codec, with_b_frames=with_b_frames))

    info = write_clip(packets[10:], tmp_path / "clip.mp4")

    facts = facts_of(tmp_path / "clip.mp4")
    assert (facts.codec, facts.tag, facts.pixel_format) == (codec, tag, "yuv420p")
    assert (facts.packets, facts.pictures) == (30, 30)
    assert (facts.starts_at_s, facts.starts_with_keyframe) == (0, True)
    assert facts.index_in_front
    assert facts.rising
    assert (info.codec, info.size_wh) == (codec, (320, 180))
    assert info.duration_s == pytest.approx(3)
    assert abs(info.from_at - packets[10].captured_at) < timedelta(milliseconds=5)
    assert info.to_at == packets[-1].captured_at


def test_decoding_times_are_not_needed(tmp_path: Path) -> None:
    packets = packets_of(make_clip(tmp_path / "a.mp4", with_b_frames=True))

    write_clip([replace(packet, dts=None) for packet in packets], tmp_path / "clip.mp4")

    facts = facts_of(tmp_path / "clip.mp4")
    assert (facts.pictures, facts.rising, facts.starts_at_s) == (40, True, 0)


def test_equal_timestamps_are_moved_apart(tmp_path: Path) -> None:
    packets = packets_of(make_clip(tmp_path / "a.mp4"))
    packets[5:8] = [replace(packet, pts=packets[5].pts) for packet in packets[5:8]]

    write_clip(packets, tmp_path / "clip.mp4")

    facts = facts_of(tmp_path / "clip.mp4")
    assert (facts.pictures, facts.rising) == (40, True)


def test_pictures_that_need_what_came_before_are_left_out(tmp_path: Path) -> None:
    packets = packets_of(make_clip(tmp_path / "a.mp4", with_b_frames=True))[10:]
    leading = replace(packets[1], pts=packets[0].pts - 1, keyframe=False)

    write_clip([packets[0], leading, *packets[2:]], tmp_path / "clip.mp4")

    assert facts_of(tmp_path / "clip.mp4").packets == 29


def test_a_clip_of_one_picture(tmp_path: Path) -> None:
    packets = packets_of(make_clip(tmp_path / "a.mp4"))

    info = write_clip(packets[:1], tmp_path / "clip.mp4")

    assert facts_of(tmp_path / "clip.mp4").pictures == 1
    assert info.duration_s == pytest.approx(0.04)


@pytest.mark.parametrize(("encoder", "pixels"), [("mpeg4", "yuv420p"), ("mjpeg", "yuvj420p")])
def test_older_codecs_are_kept_as_they_are(tmp_path: Path, encoder: str, pixels: str) -> None:
    packets = packets_of(old_clip(tmp_path / "old.mp4", encoder, pixels))

    write_clip(packets, tmp_path / "clip.mp4")

    facts = facts_of(tmp_path / "clip.mp4")
    assert (facts.codec, facts.pictures) == (encoder, 20)


def test_what_cannot_be_a_clip(tmp_path: Path) -> None:
    packets = packets_of(make_clip(tmp_path / "a.mp4"))
    others = packets_of(make_clip(tmp_path / "b.mp4"), START)

    for wrong, message in [
        ([], "expected packets to write"),
        (packets[1:], "expected a keyframe first"),
        (packets + others, "expected packets of one stream"),
    ]:
        with pytest.raises(ValueError, match=message):
            write_clip(wrong, tmp_path / "clip.mp4")
    assert not (tmp_path / "clip.mp4").exists()


def test_no_folder_is_an_os_error(tmp_path: Path) -> None:
    packets = packets_of(make_clip(tmp_path / "a.mp4"))

    with pytest.raises(OSError, match="gone") as caught:
        write_clip(packets, tmp_path / "gone" / "clip.mp4")
    assert caught.value.errno == errno.ENOENT


FULL_DISK = """
import resource, sys
from pathlib import Path
from streams.clip import write_clip
from tests.streams.footage import packets_of

packets = packets_of(Path(sys.argv[1]))
size = int(sys.argv[3])
resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
try:
    write_clip(packets, Path(sys.argv[2]))
except OSError as error:
    sys.exit(error.errno)
"""


@pytest.mark.parametrize("part", [0.1, 0.6, 0.99])
def test_a_disk_that_is_full_is_an_os_error_and_leaves_nothing(tmp_path: Path, part: float) -> None:
    """A limit on the size of files stands in for the full disk: the write fails in the same way,
    at the beginning, in the middle, and while the index is moved to the front."""
    source, target = make_clip(tmp_path / "a.mp4", size_wh=(640, 360)), tmp_path / "clip.mp4"
    size_bytes = write_clip(packets_of(source), target).duration_s and target.stat().st_size
    target.unlink()

    limit = str(int(size_bytes * part))
    done = subprocess.run([sys.executable, "-c", FULL_DISK, source, target, limit], check=False)

    assert done.returncode == errno.EFBIG
    assert not target.exists()


def test_a_browser_copy_of_h265(tmp_path: Path) -> None:
    packets = packets_of(
        make_clip(tmp_path / "a.mp4", codec="hevc", size_wh=(322, 182), with_b_frames=True)
    )
    write_clip(packets, tmp_path / "clip.mp4")

    browser_copy(tmp_path / "clip.mp4", tmp_path / "copy.mp4")

    facts = facts_of(tmp_path / "copy.mp4")
    assert (facts.codec, facts.tag, facts.pixel_format) == ("h264", "avc1", "yuv420p")
    assert (facts.pictures, facts.size_wh) == (40, (322, 182))
    assert (facts.starts_at_s, facts.starts_with_keyframe) == (0, True)
    assert facts.index_in_front
    assert facts.rising


def test_a_browser_copy_of_nothing(tmp_path: Path) -> None:
    words, tone, copy = tmp_path / "words.mp4", tmp_path / "tone.mp4", tmp_path / "copy.mp4"
    words.write_text("no video")
    silence(tone)

    with pytest.raises(FileNotFoundError):
        browser_copy(tmp_path / "gone.mp4", copy)
    with pytest.raises(ValueError, match="expected video"):
        browser_copy(words, copy)
    with pytest.raises(ValueError, match="expected a clip with a video stream"):
        browser_copy(tone, copy)
    assert not copy.exists()


def silence(path: Path) -> None:
    with av.open(str(path), "w") as container:
        track = container.add_stream("aac", rate=8000)
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 8000), np.float32), "fltp", "mono")
        sound.sample_rate = 8000
        container.mux(track.encode(sound))
        container.mux(track.encode(None))
