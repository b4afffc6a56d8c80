import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.heads.input_forms import ULTRALYTICS_INPUT, YOLOX_INPUT
from models.letterbox import CONTEXT_PX, PAD_GREY, InputForm, Letterbox

sizes = st.tuples(st.integers(1, 4096), st.integers(1, 4096))
inputs = st.sampled_from([(640, 640), (640, 384), (416, 416), (32, 64)])
units = st.floats(0, 1, width=32)
exact = settings(deadline=None, derandomize=True)


@pytest.mark.parametrize(
    ("size_wh", "input_wh", "centred", "inner_wh", "left_top"),
    [
        ((1920, 1080), (640, 640), True, (640, 360), (0, 140)),
        ((1920, 1080), (640, 384), True, (640, 360), (0, 12)),
        ((1080, 1920), (640, 640), True, (360, 640), (140, 0)),
        ((640, 427), (640, 640), True, (640, 427), (0, 106)),  # odd gap: the smaller half first
        ((320, 180), (640, 640), True, (640, 360), (0, 140)),  # small pictures are enlarged
        ((1920, 1080), (416, 416), False, (416, 234), (0, 0)),
        ((4000, 1), (640, 640), True, (640, 1), (0, 319)),  # never thinner than a pixel
    ],
)
def test_fit(
    size_wh: tuple[int, int],
    input_wh: tuple[int, int],
    centred: bool,
    inner_wh: tuple[int, int],
    left_top: tuple[int, int],
) -> None:
    place = Letterbox.fit(size_wh, input_wh, centred=centred)
    assert (place.inner_wh, place.left_top) == (inner_wh, left_top)


def test_a_picture_without_pixels_is_refused() -> None:
    with pytest.raises(ValueError, match=r"at least one pixel, got size \(0, 5\)"):
        Letterbox.fit((0, 5), (640, 640), centred=True)


@exact
@given(sizes, inputs, st.booleans())
def test_the_place_lies_in_the_input_and_touches_two_borders(
    size_wh: tuple[int, int], input_wh: tuple[int, int], centred: bool
) -> None:
    place = Letterbox.fit(size_wh, input_wh, centred=centred)
    (width, height), (left, top) = place.inner_wh, place.left_top
    assert left + width <= input_wh[0]
    assert top + height <= input_wh[1]
    assert width == input_wh[0] or height == input_wh[1]


@exact
@given(sizes, inputs, st.booleans())
def test_a_fitted_picture_only_needs_padding(
    size_wh: tuple[int, int], input_wh: tuple[int, int], centred: bool
) -> None:
    place = Letterbox.fit(size_wh, input_wh, centred=centred)
    assert Letterbox.fit(place.inner_wh, input_wh, centred=centred) == place


@exact
@given(sizes, inputs, st.booleans(), st.lists(st.tuples(*[units] * 4), min_size=1, max_size=5))
def test_to_frame_undoes_to_input(
    size_wh: tuple[int, int],
    input_wh: tuple[int, int],
    centred: bool,
    boxes: list[tuple[float, ...]],
) -> None:
    place = Letterbox.fit(size_wh, input_wh, centred=centred)
    xyxy = np.array(boxes, np.float32)
    # A thousandth of an input pixel, in frame units of the shorter side.
    tolerance = 1e-3 / min(place.inner_wh)
    np.testing.assert_allclose(place.to_frame(place.to_input(xyxy)), xyxy, atol=tolerance)


@exact
@given(sizes, inputs, st.booleans())
def test_the_frame_is_exactly_the_inner_picture(
    size_wh: tuple[int, int], input_wh: tuple[int, int], centred: bool
) -> None:
    place = Letterbox.fit(size_wh, input_wh, centred=centred)
    (width, height), (left, top) = place.inner_wh, place.left_top
    corners = np.array([[left, top, left + width, top + height]], np.float32)
    np.testing.assert_array_equal(place.to_frame(corners), [[0, 0, 1, 1]])


@exact
@given(sizes, inputs, st.booleans())
def test_a_trimmed_input_is_no_larger_than_the_picture_needs(
    size_wh: tuple[int, int], input_wh: tuple[int, int], centred: bool
) -> None:
    place = Letterbox.fit(size_wh, input_wh, centred=centred)
    trimmed = place.trimmed(32, centred=centred)
    assert trimmed.inner_wh == place.inner_wh
    for whole, side, inner in zip(input_wh, trimmed.input_wh, trimmed.inner_wh, strict=True):
        assert side == whole or (side % 32 == 0 and 0 <= side - inner - CONTEXT_PX < 32)
    assert trimmed.trimmed(32, centred=centred) == trimmed


@pytest.mark.parametrize(
    ("form", "channels", "scale"),
    [(ULTRALYTICS_INPUT, (2, 1, 0), 1 / 255), (YOLOX_INPUT, (0, 1, 2), 1.0)],
)
def test_draw_orders_channels_scales_values_and_pads(
    form: InputForm, channels: tuple[int, ...], scale: float
) -> None:
    image = np.empty((32, 64, 3), np.uint8)
    image[:] = 10, 20, 30
    place = Letterbox.fit((64, 32), (64, 64), centred=form.centred)
    (planes,) = place.planes(image, form)
    top = place.left_top[1]
    for plane, channel in zip(planes, channels, strict=True):
        np.testing.assert_allclose(plane[top : top + 32], (10, 20, 30)[channel] * scale, rtol=1e-6)
    padding = np.delete(planes, np.s_[top : top + 32], axis=1)
    np.testing.assert_allclose(padding, PAD_GREY * scale, rtol=1e-6)


def test_draw_scales_a_larger_picture_into_its_place() -> None:
    image = np.zeros((200, 400, 3), np.uint8)
    image[:, 200:] = 255
    place = Letterbox.fit((400, 200), (64, 64), centred=True)
    (planes,) = place.planes(image, ULTRALYTICS_INPUT)
    assert planes[:, 16:48, :31].max() == 0
    assert planes[:, 16:48, 33:].min() == 1
