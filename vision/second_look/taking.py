"""Takes second looks: cuts the crops out of dense pictures and lets vision judge them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from pydantic import Field

from domain.base import Settings
from domain.geometry import Box
from streams.frame import Image
from vision.patrol import SecondLookWish
from vision.second_look.closer import Closer, Sees, Shows, look_closer
from vision.second_look.footage import CROP_PX
from vision.second_look.verdict import SPAN_S, Crop, SecondLook, region_around, second_look

SPAN = timedelta(seconds=SPAN_S)


class SecondLookSettings(Settings):
    """What second looks of a worker may cost. One is taken at a time, in a thread of its own."""

    enabled: bool = True
    """Whether second looks are taken at all; without, the rules decide by single looks."""
    camera_every_s: float = Field(default=2.0, ge=0)
    """One camera is given a second look at most this often (default 2 s)."""
    busy_share: float = Field(default=0.3, gt=0, le=1)
    """Share of the time in which the thread may work (default 0.3 of one core)."""
    decode_at_most_s: float = Field(default=10.0, gt=0)
    """Longer than this is not decoded to reach the last seconds: a camera whose keyframes come
    more rarely is not given second looks (default 10 s; a second of 1080p25 costs 56 ms)."""
    closer_pictures: int = Field(default=3, ge=0, le=8)
    """In so many of the pictures the detector looks at the place at twice the size (default 3: each
    costs as much as a look, 20 to 90 ms of a core); 0 never."""


@dataclass(frozen=True, slots=True, eq=False)
class CloserSight:
    """What lets the detector look closer: the detector, and at how many pictures."""

    sees: Sees
    pictures: int

    def look(self, wish: SecondLookWish, shown: Sequence[Shows]) -> Closer | None:
        """Look closer at what is wished for; None where nothing is gained, or it may not."""
        if not self.pictures:
            return None
        return look_closer(self.sees, shown, wish.box, pictures=self.pictures)


def take_second_look(
    wish: SecondLookWish,
    frames: Sequence[Shows],
    sight: CloserSight | None = None,
    *,
    sharper: Sequence[Shows] = (),
) -> SecondLook:
    """Judge a wish by frames of its camera. With too few of them nothing is judged.

    Args:
        sight: lets the detector look closer; without, its evidence is missing.
        sharper: larger pictures of the same moments for that, if there are any.
    """
    # libav scales while it converts, so that no picture is ever made in full size.
    crops = [
        crop(frame.scaled, frame.size_wh, wish.box, frame.captured_at.timestamp())
        for frame in frames
    ]
    seen = second_look(crops, wish.box)
    return seen if sight is None else replace(seen, closer=sight.look(wish, sharper or frames))


def crop(
    scaled: Callable[[tuple[int, int]], Image], size_wh: tuple[int, int], box: Box, at_s: float
) -> Crop:
    """The region around a box, its long side some `CROP_PX` pixels (or what the picture has).
    `scaled` gives a picture of `size_wh` in another size, (h, w, 3) uint8 BGR."""
    region = region_around(box)
    width, height = size_wh
    long_px = max((region.x2 - region.x1) * width, (region.y2 - region.y1) * height, 1.0)
    scale = min(1.0, CROP_PX / long_px)
    size_wh = max(round(width * scale), 2), max(round(height * scale), 2)
    image = scaled(size_wh)
    x1, x2 = int(region.x1 * size_wh[0]), max(round(region.x2 * size_wh[0]), 1)
    y1, y2 = int(region.y1 * size_wh[1]), max(round(region.y2 * size_wh[1]), 1)
    return Crop(at_s, image[min(y1, y2 - 1) : y2, min(x1, x2 - 1) : x2])
