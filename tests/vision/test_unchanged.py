"""Unchanged pictures: what must pass for the same, and what must never."""

import tracemalloc
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest

from models.detections import Detections
from streams.frame import Image
from streams.replay import replay
from tests.media import Codec, make_clip
from tests.vision.looks import CAR, Row, detections, moved
from tests.vision.test_picture_faults import TOWN
from vision.picture.unchanged import GAP_S, TILE_LEVELS, Unchanged, UnchangedSettings, agree
from vision.zones import Zone

SIZE_WH = (1920, 1080)
EVERY_S = 2.0
SEEN = detections([CAR])
Paint = Callable[[int], Image]


GRAIN = np.random.default_rng(0).standard_normal((720 + 64, 1280, 3), np.float32)


def noise(picture: Image, sigma: float, number: int) -> Image:
    """The picture with the noise of a sensor: a window of one field, elsewhere each time."""
    height, width = picture.shape[:2]
    grain = np.roll(GRAIN[number % 64 :][:height, :width], 17 * number, axis=1)
    return np.asarray((picture + sigma * grain).clip(0, 255), np.uint8)


def still(number: int, sigma: float = 2.5) -> Image:
    """A street that nothing happens in, 640x360, with the noise of a sensor."""
    return noise(TOWN, sigma, number)


class Camera:
    """What is looked at every other second; the network sees what it has to."""

    def __init__(self, settings: UnchangedSettings | None = None) -> None:
        self.unchanged = Unchanged(settings)
        self.full: list[int] = []
        self._number = 0

    def look(
        self,
        picture: Image,
        *,
        at_s: float | None = None,
        size_wh: tuple[int, int] = SIZE_WH,
        seen: Detections = SEEN,
        doubted: bool = False,
        ignored: tuple[Zone, ...] = (),
    ) -> bool:
        """Whether the look was a full one."""
        number, self._number = self._number, self._number + 1
        at_s = number * EVERY_S if at_s is None else at_s
        recalled = self.unchanged.recall(picture, size_wh, at_s, doubted=doubted, ignored=ignored)
        if recalled is None:
            self.unchanged.keep(picture, size_wh, at_s, seen)
            self.full.append(number)
        return recalled is None

    def looks(self, paint: Paint, count: int) -> list[int]:
        """Numbers of the full looks among so many."""
        for number in range(self._number, self._number + count):
            self.look(paint(number))
        return self.full


def settled(settings: UnchangedSettings | None = None) -> Camera:
    """A camera of which the network has seen enough: full looks at 0 and 2 s."""
    camera = Camera(settings)
    assert camera.looks(still, 4) == [0, 1]
    return camera


@pytest.mark.parametrize("sigma", [0, 1, 2.5, 5])
def test_a_still_scene_is_seen_twice_and_then_once_in_ten_looks(sigma: float) -> None:
    full = Camera().looks(lambda number: still(number, sigma), 25)
    assert full == [0, 1, 11, 21]


@pytest.mark.parametrize(
    ("settings", "full"),
    [
        (UnchangedSettings(full_every_looks=4), [0, 1, 5, 9, 13]),
        (UnchangedSettings(full_every_s=10, full_every_looks=100), [0, 1, 6, 11]),
        (UnchangedSettings(full_every_looks=1), list(range(15))),
        (UnchangedSettings(enabled=False), list(range(15))),
    ],
)
def test_the_whole_is_seen_as_often_as_is_set(settings: UnchangedSettings, full: list[int]) -> None:
    assert Camera(settings).looks(still, 15) == full


@pytest.mark.parametrize("codec", ["h264", "hevc"])
def test_what_an_encoder_makes_of_noise_is_no_change(tmp_path: Path, codec: Codec) -> None:
    large = np.asarray(cv2.resize(TOWN, (1280, 720)), np.uint8)
    clip = make_clip(
        tmp_path / "still.mp4", seconds=24, fps=2, gop=4, size_wh=(1280, 720), codec=codec,
        paint=lambda number: noise(large, 4, number),
    )  # fmt: skip
    camera = Camera()
    frames = replay(clip, look_every_s=EVERY_S, start_at=datetime(2026, 1, 1, tzinfo=UTC))
    pictures = [frame.scaled((640, 360)) for frame in frames]
    assert camera.looks(pictures.__getitem__, len(pictures)) == [0, 1, 11]


def speck(picture: Image, side: int, levels: int) -> Image:
    """A small bright thing, far away, in the colour of flames."""
    lit = picture.astype(np.int16)
    lit[201 : 201 + side, 301 : 301 + side] += np.array([levels // 4, levels // 2, levels])
    return np.asarray(lit.clip(0, 255), np.uint8)


@pytest.mark.parametrize(("side", "levels"), [(2, 200), (3, 100), (4, 60), (6, 40)])
def test_a_small_flame_far_away_is_looked_at_at_once(side: int, levels: int) -> None:
    camera = settled()
    assert camera.look(speck(still(4), side, levels))
    assert camera.look(still(5)), "and gone again"


def smoky(number: int, per_look: float = 1.0, *, begins: int = 4) -> Image:
    """Haze over a twelfth of the picture that grows by so many grey levels a look."""
    hazy = TOWN.astype(np.float32)
    hazy[60:150, 200:413] += per_look * max(0, number - begins)
    return noise(np.asarray(hazy.clip(0, 255), np.uint8), 2.5, number)


def test_smoke_that_grows_by_a_level_a_look_is_never_far_from_what_was_seen() -> None:
    full = settled().looks(smoky, 60)
    growing = [number for number in full if number > 4]
    assert max(np.diff(growing)) <= TILE_LEVELS[1] + 1
    assert growing[0] <= 4 + TILE_LEVELS[1] + 1


@pytest.mark.parametrize("gain", [0.99, 1.01])
def test_light_that_dims_or_grows_slowly_is_followed(gain: float) -> None:
    camera, seen_level = Camera(), 0.0
    for number in range(40):
        picture = noise(np.asarray((TOWN * gain**number).clip(0, 255), np.uint8), 2.5, number)
        if camera.look(picture):
            seen_level = picture.mean()
        assert abs(picture.mean() - seen_level) <= TILE_LEVELS[1]
    assert len(camera.full) < 40


@pytest.mark.parametrize("shift", [1, 2, 20])
def test_a_camera_that_was_turned_shows_another_picture(shift: int) -> None:
    turned = np.asarray(np.roll(TOWN, shift, axis=1), np.uint8)
    assert settled().look(noise(turned, 2.5, 4))


def test_somebody_who_walks_is_looked_at_in_every_look() -> None:
    def walk(number: int) -> Image:
        picture = still(number)
        cv2.rectangle(picture, (40 * number, 250), (40 * number + 8, 274), (60, 70, 80), -1)
        return picture

    assert Camera().looks(walk, 12) == list(range(12))


@pytest.mark.parametrize(
    "doubtful",
    [
        {"doubted": True},
        {"size_wh": (704, 576)},
        {"at_s": 3 * EVERY_S + GAP_S + 1},
        {"at_s": 1.0},
        {"picture": still(4)[:180]},
    ],
    ids=["told", "another stream", "a gap", "the clock was set", "another shape"],
)
def test_whatever_is_doubtful_is_a_full_look(doubtful: dict[str, object]) -> None:
    assert settled().look(**{"picture": still(4), **doubtful})  # type: ignore[arg-type]


def test_what_was_seen_before_a_fault_counts_no_more() -> None:
    camera = settled()
    camera.unchanged.forget()
    assert camera.looks(still, 3)[2:] == [4, 5]


def test_what_is_recalled_is_what_was_seen() -> None:
    camera = settled()
    assert camera.unchanged.recall(still(4), SIZE_WH, 4 * EVERY_S) is SEEN


def test_what_the_network_says_once_is_not_repeated() -> None:
    camera = Camera()
    once = detections([CAR, ("person", 0.6, 0.6, 0.6, 0.65, 0.8)])
    said = [SEEN, once, SEEN, SEEN, SEEN, SEEN]
    full = [camera.look(still(number), seen=seen) for number, seen in enumerate(said)]
    assert full == [True, True, True, True, False, False]


@pytest.mark.parametrize(
    ("rows", "same"),
    [
        ([CAR], True),
        ([moved(CAR, 0.01, score=0.2)], True),
        ([CAR, ("person", 0.29, 0.6, 0.6, 0.65, 0.8)], True),
        ([CAR, ("person", 0.3, 0.6, 0.6, 0.65, 0.8)], False),
        ([("truck", *CAR[1:])], False),
        ([moved(CAR, 0.1)], False),
        ([], False),
    ],
)
def test_two_looks_agree_on_what_they_are_sure_of(rows: Sequence[Row], same: bool) -> None:
    assert agree(SEEN, detections(rows)) is same
    assert agree(detections(rows), SEEN) is same


def with_clock(number: int) -> Image:
    picture = still(number)
    cv2.putText(picture, f"{number * 37:06}", (10, 24), cv2.FONT_HERSHEY_PLAIN, 1.5, (255,) * 3, 2)
    return picture


def test_a_burnt_in_clock_is_a_change_unless_an_ignore_zone_lies_over_it() -> None:
    clock = Zone.of("clock", ((0.0, 0.0), (0.3, 0.0), (0.3, 0.1), (0.0, 0.1)))
    seen, unseen = Camera(), Camera()
    full = [seen.look(with_clock(number)) for number in range(8)]
    assert all(full)
    full = [unseen.look(with_clock(number), ignored=(clock,)) for number in range(8)]
    assert full == [True, True, *[False] * 6]
    assert unseen.look(speck(with_clock(8), 3, 100), ignored=(clock,)), "elsewhere it counts"


def test_a_camera_costs_some_kilobytes() -> None:
    pictures = [still(number) for number in range(3)]
    tracemalloc.start()
    cameras = [Camera() for _ in range(10)]
    for camera in cameras:
        camera.looks(pictures.__getitem__, 3)
    held, _peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held / len(cameras) < 100_000
