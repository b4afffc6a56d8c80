"""Cameras of the bench that are not alike: their clips, their keyframes, and nights apart."""

from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from domain.errors import ConfigurationError
from lab.bench import recipes
from lab.bench.cast import Distinct, Footage, Part, cast_of, distinct, footage_of, noise_of
from lab.bench.media import FIRE, NIGHT, NIGHTS, STREET, STREETS, BenchMedia, make_bench_media
from lab.bench.recipes import clean_of
from lab.bench.stage import CameraServer
from lab.footage.simulator import Simulator, load_clip
from lab.footage.simulator.transcode import SUB_WH
from models.detections import Detections
from streams.frame import Image
from tests.lab.bench.tiny import KEYFRAMES, SIZE_WH, busy, still, tiny_media
from tests.media import make_clip
from tests.streams.simulated import frames, opened, pictures_of
from vision.picture.unchanged import Unchanged

SEEN = Detections.empty()


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> BenchMedia:
    paints = {**dict.fromkeys(STREETS[:3], busy), NIGHT: still, FIRE: busy}
    return tiny_media(tmp_path_factory.mktemp("cast"), paints)


def quietly(what: str, share: float) -> None:
    """Tell nobody."""


# ——— who shows what ———


def test_streets_take_turns_and_every_camera_has_its_own_keyframes() -> None:
    cast = cast_of(20, 0, {FIRE: 2}, 60)
    parts = cast.parts
    assert [parts[f"cam{n}"].clip for n in range(10)] == [*STREETS, *STREETS[:2]]
    shown = [f"show-{plant.camera}" for plant in cast.plants]
    assert [parts[name].clip for name in shown] == [FIRE, FIRE]
    assert len({part.own for part in parts.values()}) == 22
    assert len({noise_of(part).seed for part in parts.values()}) == 22
    assert cast.clips == {*STREETS, FIRE}


def test_nights_are_spread_and_nothing_is_planted_in_them() -> None:
    cast = cast_of(6, 3, {FIRE: 3}, 60)
    assert cast.quiet == ("cam1", "cam3", "cam5")
    assert {plant.camera for plant in cast.plants} == set(cast.busy) == {"cam0", "cam2", "cam4"}
    assert {cast.parts[name].clip for name in cast.quiet} == set(NIGHTS)
    assert cast_of(2, 2, {}, 60).busy == ()


def test_more_nights_than_cameras_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="--night: expected at most 2 cameras, got 3"):
        cast_of(2, 3, {}, 60)
    with pytest.raises(ConfigurationError, match="expected at most 1, one for each camera"):
        cast_of(3, 2, {FIRE: 2}, 60)


def test_a_night_is_noisier_than_a_day() -> None:
    assert noise_of(Part(NIGHT, "a")).levels > noise_of(Part(STREET, "a")).levels


# ——— what is sent ———


def test_no_two_cameras_send_a_keyframe_of_the_same_bytes(media: BenchMedia) -> None:
    footage = footage_of(cast_of(4, 1, {FIRE: 1}, 60), media, None, quietly)
    assert len(footage.clips) == len(footage.keyframes) == 4 + 1
    server = CameraServer(footage)
    try:
        assert server.distinct == Distinct(keyframes=5 * KEYFRAMES)
        assert set(server.watched) == {"cam0", "cam1", "cam2", "cam3"}
        assert server.show("cam1")
    finally:
        server.stop()


def test_second_streams_have_keyframes_of_their_own_too(media: BenchMedia) -> None:
    street = BenchMedia({STREET: media.street})
    footage = footage_of(cast_of(1, 0, {}, 60), street, street.small(lambda *_: None), quietly)
    with Simulator(footage.clips, keyframes=footage.keyframes) as simulator:
        assert distinct(simulator.clips) == Distinct(keyframes=KEYFRAMES + 2 * KEYFRAMES)
        assert simulator.clips["cam0/sub"].size_wh == SUB_WH


def test_cameras_that_are_alike_are_refused(media: BenchMedia) -> None:
    footage = footage_of(cast_of(2, 0, {}, 60), media, None, quietly)
    shared = Footage(dict.fromkeys(footage.clips, media.street), {})
    with pytest.raises(ConfigurationError, match=r"the same in cam0 and cam1"):
        CameraServer(shared)


def test_what_follows_on_a_keyframe_differs_too_and_shows_the_same(media: BenchMedia) -> None:
    """Seen by libav: nothing is as in the clip that it shares, and nothing breaks."""
    keyframes = footage_of(cast_of(1, 0, {}, 60), media, None, quietly).keyframes
    with Simulator({"cam0": media.street}, keyframes=keyframes) as simulator:
        with opened(simulator.url("cam0")) as container:
            taken = [frame.to_ndarray(format="gray") for frame in frames(container, 12)]
    shared = [np.frombuffer(each, np.uint8) for each in pictures_of(media.street)]
    for picture in taken:
        differences = [cv2.absdiff(picture.ravel(), each).mean() for each in shared]
        assert 0 < min(differences) < 3


def test_keyframes_are_made_once(media: BenchMedia) -> None:
    cast = cast_of(2, 0, {}, 60)
    first = footage_of(cast, media, None, quietly)
    made = {path: path.stat().st_mtime_ns for path in first.keyframes.values()}
    told: list[str] = []
    assert footage_of(cast, media, None, lambda what, share: told.append(what)) == first
    assert told == []
    assert {path: path.stat().st_mtime_ns for path in made} == made


def test_clips_are_made_anew_when_what_shapes_them_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recipes, "SIZE_WH", SIZE_WH)
    monkeypatch.setattr(recipes, "NIGHT_S", 2.0)
    source = make_clip(tmp_path / "source.mp4", seconds=4, fps=2, size_wh=SIZE_WH, paint=busy)
    told: list[str] = []

    def made() -> Path:
        told.clear()
        media = make_bench_media(
            source, tmp_path / "bench", lambda name, *_: told.append(name), names=[NIGHT]
        )
        return media.clips[NIGHT]

    before = made()
    assert told
    assert made() == before
    assert told == []
    source.write_bytes(source.read_bytes() + bytes(8))  # another file, though libav reads the same
    after = made()
    assert after != before
    assert sorted((tmp_path / "bench").iterdir()) == sorted([after, clean_of(after)])
    clip = load_clip(after)
    assert [unit.keyframe for unit in clip.units].count(True) == 1
    assert len(clip.units) == 2.0 * recipes.FPS


# ——— busy and quiet ———


def unchanged_looks(keyframes: Path) -> int:
    """How many looks, one at each keyframe, the network is spared."""
    same, spared = Unchanged(), 0
    with av.open(str(keyframes)) as container:
        for number, frame in enumerate(container.decode(video=0)):
            image: Image = np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)
            if same.recall(image, SIZE_WH, 2.0 * number) is not None:
                spared += 1
            else:
                same.keep(image, SIZE_WH, 2.0 * number, SEEN)
    return spared


def test_a_night_is_quiet_and_a_street_is_busy(media: BenchMedia) -> None:
    """Of four looks the first two cannot be spared: what they saw has to be seen twice."""
    keyframes = footage_of(cast_of(2, 1, {}, 60), media, None, quietly).keyframes
    assert {name: unchanged_looks(path) for name, path in keyframes.items()} == {
        "cam0": 0, "cam1": 2,
    }  # fmt: skip
