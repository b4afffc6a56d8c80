"""Phones write pictures on their side and say how to turn them; taggers put covers in front."""

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest

from streams.address import CameraAddress
from streams.clip import browser_copy, clip_span, write_clip
from streams.decoder import KeyframeDecoder
from streams.encode import read_video
from streams.frame import Frame, Image
from streams.replay import replay
from streams.rotation import file_rotation, turned, turned_wh, write_rotation
from streams.source import Source
from streams.stream_settings import StreamSettings
from tests.media import make_clip
from tests.streams.footage import START, packets_of

TURNS = [0, 90, 180, 270]


def scene(number: int) -> Image:
    """A different colour in each corner, so that no turn looks like another."""
    image = np.zeros((180, 320, 3), np.uint8)
    image[:90, :160], image[:90, 160:] = (250, 20, 20), (20, 250, 20)
    image[90:, :160], image[90:, 160:] = (20, 20, 250), (240, 240, 240)
    image[:8, : 8 + number % 100] = 128
    return image


def lying(path: Path, rotation: int) -> Path:
    """A clip whose pictures lie on their side, and whose container says how to turn them."""
    make_clip(path, paint=lambda number: turned(scene(number), -rotation % 360),
              size_wh=turned_wh((320, 180), rotation))  # fmt: skip
    write_rotation(path, rotation)
    return path


def is_upright(image: Image) -> bool:
    return image.shape == (180, 320, 3) and float(np.abs(image.astype(int) - scene(0)).mean()) < 12


@pytest.mark.parametrize("rotation", TURNS)
def test_a_rotated_film_is_read_upright_everywhere(tmp_path: Path, rotation: int) -> None:
    path = lying(tmp_path / "a.mp4", rotation)

    assert file_rotation(path) == rotation
    frame = next(replay(path, look_every_s=1, start_at=START))
    assert (frame.size_wh, is_upright(frame.image())) == ((320, 180), True)
    assert frame.scaled((160, 90)).shape == (90, 160, 3)
    assert is_upright(next(read_video(path)))
    packet = packets_of(path)[0]
    looked = Frame.of("gate", packet, KeyframeDecoder().decode(packet))
    assert is_upright(looked.image())


@pytest.mark.parametrize("rotation", TURNS)
def test_clips_and_previews_of_a_rotated_film_say_so_too(tmp_path: Path, rotation: int) -> None:
    packets = packets_of(lying(tmp_path / "a.mp4", rotation))

    write_clip(packets, tmp_path / "clip.mp4")
    browser_copy(tmp_path / "clip.mp4", tmp_path / "copy.mp4")

    for name in ("clip.mp4", "copy.mp4"):
        frame = next(replay(tmp_path / name, look_every_s=1, start_at=START))
        assert is_upright(frame.image()), name


@pytest.mark.parametrize("cover_first", [True, False])
def test_a_cover_picture_is_not_the_video(tmp_path: Path, cover_first: bool) -> None:
    film = make_clip(tmp_path / "film.mp4")
    path = with_cover(film, tmp_path / "covered.mp4", cover_first=cover_first)

    with Source(CameraAddress.parse(path), StreamSettings()) as source:
        assert source.codec == "h264"
    assert len(list(replay(path, look_every_s=0.5, start_at=START))) > 1


def test_of_several_videos_the_largest_is_the_film_unless_another_is_the_default(
    tmp_path: Path,
) -> None:
    small = make_clip(tmp_path / "small.mp4", size_wh=(160, 90))
    large = make_clip(tmp_path / "large.mp4")
    path = tmp_path / "both.mkv"
    both(path, small, large, default=None)
    with Source(CameraAddress.parse(path), StreamSettings()) as source:
        assert source.offered.size_wh == (320, 180)
    both(path, small, large, default=0)
    with Source(CameraAddress.parse(path), StreamSettings()) as source:
        assert source.offered.size_wh == (160, 90)


def test_a_clip_is_as_long_as_it_is_said_to_be_though_its_beginning_came_in_a_burst(
    tmp_path: Path,
) -> None:
    packets = packets_of(make_clip(tmp_path / "a.mp4"))

    info = write_clip(packets, tmp_path / "clip.mp4")

    from_at, to_at = clip_span(packets)
    assert (info.from_at, info.to_at) == (from_at, to_at)
    assert abs((to_at - from_at).total_seconds() - info.duration_s) < 0.2


def with_cover(film: Path, path: Path, *, cover_first: bool) -> Path:
    """The film with a cover picture, which MP4 keeps beside its tracks; libav numbers it first
    where it stands before them."""
    with av.open(str(film)) as given, av.open(str(path), "w", format="mp4") as made:
        shown = given.streams.video[0]
        track = made.add_stream_from_template(shown)
        cover = made.add_stream("mjpeg", rate=25)
        assert isinstance(cover, av.VideoStream)
        cover.width, cover.height, cover.pix_fmt = 640, 360, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        coded = [*cover.encode(cover_picture()), *cover.encode(None)]
        for packet in given.demux(shown):
            if packet.size:
                packet.stream = track
                made.mux(packet)
        made.mux(coded)
    if cover_first:
        path.write_bytes(tags_in_front(path.read_bytes()))
    with av.open(str(path)) as written:
        codecs = [stream.codec_context.name for stream in written.streams.video]
    assert codecs == (["mjpeg", "h264"] if cover_first else ["h264", "mjpeg"])
    return path


def boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The boxes of an MP4 file, or of what is inside one: name and whole."""
    at = 0
    while at + 8 <= len(data):
        size = int.from_bytes(data[at : at + 4]) or len(data) - at
        yield data[at + 4 : at + 8], data[at : at + size]
        at += size


def tags_in_front(data: bytes) -> bytes:
    """An MP4 file with its tags before its tracks, as taggers write it."""
    written = []
    for name, box in boxes(data):
        if name == b"moov":
            rank = {b"mvhd": 0, b"udta": 1, b"meta": 1}
            parts = sorted(boxes(box[8:]), key=lambda part: rank.get(part[0], 2))
            box = box[:8] + b"".join(part for _, part in parts)
        written.append(box)
    return b"".join(written)


def cover_picture() -> av.VideoFrame:
    picture = av.VideoFrame.from_ndarray(np.full((360, 640, 3), 90, np.uint8), format="bgr24")
    picture.pts = 0
    return picture


def both(path: Path, *films: Path, default: int | None) -> None:
    """Several films in one file."""
    with av.open(str(path), "w") as made:
        for number, film in enumerate(films):
            with av.open(str(film)) as given:
                track = made.add_stream_from_template(given.streams.video[0])
            chosen = av.stream.Disposition.default if number == default else 0
            track.disposition = av.stream.Disposition(chosen)
        for track, film in zip(made.streams.video, films, strict=True):
            with av.open(str(film)) as given:
                for packet in given.demux(given.streams.video[0]):
                    if packet.size:
                        packet.stream = track
                        made.mux(packet)
