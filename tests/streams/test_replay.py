from datetime import timedelta
from pathlib import Path

import av
import numpy as np
import pytest

from domain.errors import StreamCorrupt, StreamNotFound
from streams.address import CameraAddress
from streams.replay import replay
from tests.media import make_clip, moving_picture
from tests.streams.footage import START


def seconds_of(path: Path, every_s: float, **more: object) -> list[float]:
    frames = replay(path, look_every_s=every_s, start_at=START, **more)  # type: ignore[arg-type]
    return [round(frame.stream_s, 2) for frame in frames]


@pytest.mark.parametrize(
    ("gop", "every_s", "expected"),
    [
        (10, 1, [0, 1, 2, 3]),
        (10, 2, [0, 2]),
        (10, 1.5, [0, 2, 3]),
        (40, 1, [0, 1, 2, 3]),  # keyframes are too rare: everything is decoded
        (20, 0.5, [0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5]),
        (10, 100, [0]),
    ],
)
@pytest.mark.parametrize("with_b_frames", [False, True])
def test_one_look_each_span(
    tmp_path: Path, gop: int, every_s: float, expected: list[float], with_b_frames: bool
) -> None:
    clip = make_clip(tmp_path / "a.mp4", gop=gop, with_b_frames=with_b_frames)

    assert seconds_of(clip, every_s) == expected


def test_time_is_virtual_and_pictures_are_those_of_their_time(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4", gop=40)

    for frame in replay(clip, look_every_s=1, start_at=START, camera_id="gate"):
        assert frame.captured_at == START + timedelta(seconds=frame.stream_s)
        assert frame.camera_id == "gate"
        painted = moving_picture(round(frame.stream_s * 10), (320, 180)).astype(np.int16)
        assert np.abs(frame.image().astype(np.int16) - painted).mean() < 12


def test_rounds_run_on(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4")

    assert seconds_of(clip, 1, repeat_to_s=10) == list(range(10))
    assert seconds_of(clip, 1, repeat_to_s=2) == [0, 1]
    assert seconds_of(clip, 3, repeat_to_s=10) == [0, 3, 6, 9]


def test_modes_can_be_forced(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4", gop=20)

    assert seconds_of(clip, 0.5, decode="keyframes") == [0, 2]
    assert seconds_of(clip, 0.5, decode="all") == [i / 2 for i in range(8)]


def test_a_file_that_starts_late_starts_at_zero(tmp_path: Path) -> None:
    clip, late = make_clip(tmp_path / "a.mp4"), tmp_path / "late.mkv"
    with av.open(str(clip)) as source, av.open(str(late), "w") as target:
        track = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None and packet.pts is not None:
                packet.pts, packet.dts = packet.pts + 102_400, packet.dts + 102_400
                packet.stream = track
                target.mux(packet)

    assert seconds_of(late, 1) == [0, 1, 2, 3]


@pytest.mark.parametrize("suffix", [".h264", ".ts", ".avi"])
def test_containers_with_poor_timestamps(tmp_path: Path, suffix: str) -> None:
    assert seconds_of(make_clip(tmp_path / f"a{suffix}", fps=25, gop=25), 1)[:4] == [0, 1, 2, 3]


def test_what_cannot_be_replayed(tmp_path: Path) -> None:
    with pytest.raises(StreamNotFound):
        next(replay(tmp_path / "gone.mp4", look_every_s=1, start_at=START))
    with pytest.raises(ValueError, match="expected a file"):
        next(replay(CameraAddress.parse("rtsp://h/x"), look_every_s=1, start_at=START))
    (tmp_path / "cut.mp4").write_bytes(make_clip(tmp_path / "a.mp4").read_bytes()[:2000])
    with pytest.raises(StreamCorrupt):
        next(replay(tmp_path / "cut.mp4", look_every_s=1, start_at=START))


def test_a_reader_may_stop_anywhere(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4")
    frames = replay(clip, look_every_s=0.1, start_at=START, repeat_to_s=1e9)

    assert [round(next(frames).stream_s, 1) for _ in range(3)] == [0, 0.1, 0.2]
    frames.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize("with_b_frames", [False, True])
@pytest.mark.parametrize(("gop", "every_s"), [(10, 1), (40, 1)])
def test_time_runs_on_where_a_second_recording_was_put_behind(
    tmp_path: Path, gop: int, every_s: float, with_b_frames: bool
) -> None:
    one = make_clip(tmp_path / "a.ts", gop=gop, with_b_frames=with_b_frames)
    other = make_clip(tmp_path / "b.ts", gop=gop, size_wh=(160, 90))
    both = tmp_path / "both.ts"
    both.write_bytes(one.read_bytes() + other.read_bytes())
    frames = list(replay(both, look_every_s=every_s, start_at=START))
    assert [round(frame.stream_s) for frame in frames] == list(range(8))
    assert [frame.size_wh for frame in frames] == [(320, 180)] * 4 + [(160, 90)] * 4
