"""What the bench composes, and the picture of a sweep."""

from pathlib import Path
from xml.etree import ElementTree

import cv2
import numpy as np
import pytest

from lab.bench.crowds import VAN, crowded, empty_place, van_of, with_van
from lab.bench.growth import growth, nice_above
from lab.bench.report import BenchMachine, BenchReport
from streams.frame import Image
from tests.media import make_clip

SIZE_WH = (320, 240)


def place(person_x: int | None = None) -> Image:
    """A grey place with a bright van, and perhaps somebody dark in it."""
    image = np.full((SIZE_WH[1], SIZE_WH[0], 3), 128, np.uint8)
    x1, y1, x2, y2 = (round(v * s) for v, s in zip(VAN.xyxy, SIZE_WH * 2, strict=True))
    image[y1:y2, x1:x2] = 240
    if person_x is not None:
        image[100:160, person_x : person_x + 20] = 20
    return image


def people_in(image: Image) -> int:
    dark = (cv2.cvtColor(image, cv2.COLOR_BGR2GRAY) < 60).astype(np.uint8)
    return int(cv2.connectedComponents(dark)[0]) - 1


def test_what_moves_is_not_part_of_the_place(tmp_path: Path) -> None:
    clip = make_clip(
        tmp_path / "a.mp4", seconds=12, fps=2, size_wh=SIZE_WH, paint=lambda n: place(n * 10)
    )
    assert people_in(empty_place(clip)) == 0


def test_a_crowd_is_everybody_at_once() -> None:
    moments = (place(20), place(100), place(200))
    (crowd,) = crowded([moments], place())
    assert people_in(crowd) == 3
    assert people_in(moments[0]) == 1


def test_the_van_stands_where_it_is_watched_for(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4", seconds=4, fps=2, size_wh=SIZE_WH, paint=lambda n: place())
    before = place(100)
    (after,) = with_van([before], van_of(clip))
    height, width = after.shape[:2]
    assert after[round(0.22 * height), round(0.6 * width)].mean() > 200
    assert before[round(0.22 * height), round(0.6 * width)].mean() == 128
    assert people_in(after) == 1


def report(cameras: int, cores: float, p99: float | None) -> BenchReport:
    nothing: dict[str, float | None] = {"p50": None, "p95": None}
    return BenchReport(
        cameras=cameras, seconds=60, startup_s=1, looks_per_s=1, early_looks=0,
        worst_camera_p99_s=p99,
        look_interval_s={"p99": p99}, late={}, gaps=0, packets_lost=0, reconnects=0,
        cpu_cores={"worker": cores}, worker_cores_per_camera=cores / cameras, rss_mb={},
        planted=0, missed=0, cases=0, extra=0, latency_s=nothing, runs_on="cpu <1>",
        machine=BenchMachine(model="m", cores=2),
    )  # fmt: skip


def test_growth_is_drawn_for_each_number_of_cameras() -> None:
    drawn = growth([report(10, 0.2, 4.0), report(28, 0.5, 4.01), report(171, 1.9, None)])
    root = ElementTree.fromstring(drawn)
    circles = [each for each in root.iter() if each.tag.endswith("circle")]
    assert len(circles) == 5
    words = [each.text or "" for each in root.iter() if each.tag.endswith("text")]
    assert {"20", "17.9", "11.1", "4", "4.01", "171"} <= set(words)
    assert "m, 2 cores; cpu <1>; 60 s" in words


@pytest.mark.parametrize(
    ("value", "end"),
    [(4.01, 5.0), (4.0, 4.0), (17.9, 20.0), (0.013, 0.015), (0.0, 1.0), (101.0, 120.0)],
)
def test_axes_end_at_round_numbers(value: float, end: float) -> None:
    assert nice_above(value) == pytest.approx(end)
