"""Pictures for people."""

import cv2
import numpy as np
import pytest

from domain.errors import EvidenceError
from domain.geometry import Box
from domain.incident import LabelledBox
from evidence.snapshot import LOWEST_QUALITY, Image, draw_boxes, encode_jpeg, thumbnail

BOX = LabelledBox(label="person", score=0.87, box=Box(x1=0.25, y1=0.25, x2=0.5, y2=0.75))
ZONE = ((0.1, 0.1), (0.9, 0.1), (0.9, 0.9))


def grey(size_wh: tuple[int, int] = (640, 360)) -> Image:
    width, height = size_wh
    return np.full((height, width, 3), 128, np.uint8)


def noise(size_wh: tuple[int, int]) -> Image:
    """What compresses worst."""
    width, height = size_wh
    return np.random.default_rng(7).integers(0, 256, (height, width, 3), np.uint8)


def decoded(jpeg: bytes) -> Image:
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return np.asarray(picture, np.uint8)


def changed(image: Image) -> np.ndarray:
    """Where a drawn copy differs from grey: (h, w) bool."""
    return np.asarray((image != 128).any(axis=2))


@pytest.mark.parametrize("size_wh", [(160, 90), (640, 360), (1920, 1080), (3840, 2160)])
def test_the_clean_picture_stays_clean(size_wh: tuple[int, int]) -> None:
    image = grey(size_wh)
    copy = draw_boxes(image, [BOX], ZONE)
    assert copy.shape == image.shape
    assert (image == 128).all()
    assert changed(copy).any()


@pytest.mark.parametrize("size_wh", [(160, 90), (640, 360), (1920, 1080), (3840, 2160)])
def test_a_box_is_drawn_where_it_is(size_wh: tuple[int, int]) -> None:
    width, height = size_wh
    drawn = changed(draw_boxes(grey(size_wh), [BOX]))
    assert drawn[height // 2, round(0.25 * (width - 1))]
    assert drawn[height // 2, round(0.5 * (width - 1))]
    assert drawn[round(0.75 * (height - 1)), round(0.375 * width)]
    assert not drawn[height // 2, round(0.375 * width)]
    assert not drawn[height // 2, round(0.9 * width)]


def test_a_zone_is_outlined_and_not_filled() -> None:
    drawn = changed(draw_boxes(grey(), [], ZONE))
    assert drawn[36, 320]
    assert not drawn[100, 500]
    assert not drawn[300, 100]


def test_nothing_to_draw() -> None:
    assert not changed(draw_boxes(grey(), [])).any()


def test_lines_are_as_visible_on_a_large_picture() -> None:
    share = [changed(draw_boxes(grey(size), [BOX])).mean() for size in ((1920, 1080), (3840, 2160))]
    assert share[0] == pytest.approx(share[1], rel=0.3)


@pytest.mark.parametrize(
    "box",
    [
        Box(x1=0, y1=0, x2=1, y2=1),
        Box(x1=0, y1=0, x2=0, y2=0),
        Box(x1=0.99, y1=0.0, x2=1, y2=0.01),
        Box(x1=0.99, y1=0.99, x2=1, y2=1),
    ],
)
@pytest.mark.parametrize("size_wh", [(640, 360), (32, 18)])
def test_boxes_at_the_borders(box: Box, size_wh: tuple[int, int]) -> None:
    labelled = LabelledBox(label="a rather long label", score=1, box=box)
    assert changed(draw_boxes(grey(size_wh), [labelled])).any()


def test_labels_stay_in_the_picture_and_off_their_box() -> None:
    """The label's ground is of the box's colour, above the box where there is room."""
    drawn = changed(draw_boxes(grey(), [BOX]))
    assert drawn[80:90, 160:220].mean() > 0.8
    corner = LabelledBox(label="person", score=0.5, box=Box(x1=0.9, y1=0, x2=1, y2=0.2))
    assert changed(draw_boxes(grey(), [corner]))[75:90, 560:640].mean() > 0.5


def test_labels_of_any_script_are_drawn_as_ascii() -> None:
    chinese = BOX.model_copy(update={"label": "火焰"})
    marks = BOX.model_copy(update={"label": "??"})
    drawn = changed(draw_boxes(grey(), [chinese]))
    assert (drawn == changed(draw_boxes(grey(), [marks]))).all()


def test_a_jpeg_is_the_picture() -> None:
    image = draw_boxes(grey(), [BOX])
    assert np.abs(decoded(encode_jpeg(image, 95)).astype(int) - image).mean() < 3


def test_quality_gives_way_to_size() -> None:
    image = noise((640, 360))
    best, least = encode_jpeg(image, 95), encode_jpeg(image, LOWEST_QUALITY)
    bound = (len(best) + len(least)) // 2
    assert len(least) < len(encode_jpeg(image, 95, max_bytes=bound)) <= bound
    assert encode_jpeg(image, 95, max_bytes=1) == least
    assert encode_jpeg(image, 95, max_bytes=len(best)) == best


def test_what_is_no_picture_is_refused() -> None:
    for shape in ((0, 0, 3), (1, 70_000, 3)):
        with pytest.raises(EvidenceError, match="expected a picture"):
            encode_jpeg(np.zeros(shape, np.uint8))


@pytest.mark.parametrize("size_wh", [(1920, 1080), (3840, 2160), (160, 90), (90, 1600)])
@pytest.mark.parametrize("width", [320, 640])
def test_a_thumbnail_is_small_whatever_it_shows(size_wh: tuple[int, int], width: int) -> None:
    image = noise(size_wh)
    jpeg = thumbnail(image, width)
    assert len(jpeg) <= 30_000
    small = decoded(jpeg)
    assert small.shape[1] <= min(width, size_wh[0])
    ratio = small.shape[1] / small.shape[0]
    assert ratio == pytest.approx(size_wh[0] / size_wh[1], rel=0.05)


def test_a_thumbnail_of_a_quiet_picture_has_the_width_asked_for() -> None:
    assert decoded(thumbnail(grey((1920, 1080)), 480)).shape == (270, 480, 3)
