"""The pictures of a clip that is looped: small as looks see them, and sharp for closer looks."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import cv2
import numpy as np

from lab.trials.evaluate import STARTS_AT
from lab.trials.variant import ViewVariant
from models.detector import Detects
from streams.frame import Frame, Image
from streams.replay import replay
from vision.second_look.closer import ZOOM
from vision.second_look.verdict import CROPS_HZ

QUALITY = 95
"""Of the sharp pictures: minutes of them would not fit into memory as they are."""


@dataclass(frozen=True, slots=True, eq=False)
class QuietPicture:
    """One picture of a clip, twice: (h, w, 3) uint8 BGR in the size that the detector wants, and a
    JPEG as sharp as a closer look can use."""

    small: Image
    jpeg: bytes

    @classmethod
    def of(cls, frame: Frame, detector: Detects) -> "QuietPicture":
        fit_wh = detector.fit_wh(frame.size_wh)
        return cls(frame.scaled(fit_wh), _jpeg(frame.scaled(_sharp_wh(frame.size_wh, fit_wh))))

    @property
    def sharp(self) -> Image:
        image = cv2.imdecode(np.frombuffer(self.jpeg, np.uint8), cv2.IMREAD_COLOR)
        assert image is not None
        return np.asarray(image, np.uint8)


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """A picture in memory, to be had in any size (`vision.second_look.closer.Shows`)."""

    image: Image
    captured_at: datetime

    @property
    def size_wh(self) -> tuple[int, int]:
        return self.image.shape[1], self.image.shape[0]

    def scaled(self, size_wh: tuple[int, int]) -> Image:
        way = cv2.INTER_CUBIC if size_wh[0] > self.image.shape[1] else cv2.INTER_AREA
        return np.asarray(cv2.resize(self.image, size_wh, interpolation=way), np.uint8)


@dataclass(frozen=True, slots=True, eq=False)
class Varied:
    """A picture as a variant of its clip shows it; the sharp one is made when it is wanted."""

    image: Image
    picture: QuietPicture
    captured_at: datetime

    @property
    def size_wh(self) -> tuple[int, int]:
        return self.image.shape[1], self.image.shape[0]

    def scaled(self, size_wh: tuple[int, int]) -> Image:
        return Shown(self.image, self.captured_at).scaled(size_wh)

    def sharp(self, variant: ViewVariant) -> "Sharp":
        return Sharp(self.picture, variant, self.captured_at, self.size_wh)


@dataclass(frozen=True, slots=True, eq=False)
class Sharp:
    """The sharp picture of a variant, unpacked only if it is looked at."""

    picture: QuietPicture
    variant: ViewVariant
    captured_at: datetime
    size_wh: tuple[int, int]
    """Of the small one: what is asked for has its shape."""

    def scaled(self, size_wh: tuple[int, int]) -> Image:
        return Shown(self.variant.seen(self.picture.sharp), self.captured_at).scaled(size_wh)


def pictures_of(file: Path, detector: Detects) -> list[QuietPicture]:
    """All that looks and second looks could ask for: `CROPS_HZ` a second, those of a slower clip
    again until its next comes.

    Raises:
        StreamError: the clip cannot be read.
    """
    frames = replay(file, look_every_s=1 / CROPS_HZ, start_at=STARTS_AT, decode="all")
    pictures: list[QuietPicture] = []
    for frame in frames:
        due = int(frame.stream_s * CROPS_HZ + 1e-6) - len(pictures)
        pictures += pictures[-1:] * due
        pictures.append(QuietPicture.of(frame, detector))
    return pictures


def _sharp_wh(size_wh: tuple[int, int], fit_wh: tuple[int, int]) -> tuple[int, int]:
    """The size that loses nothing: the picture's own, or what is left of it by a closer look."""
    share = min(1.0, ZOOM * fit_wh[0] / size_wh[0])
    return max(round(size_wh[0] * share), 2), max(round(size_wh[1] * share), 2)


def _jpeg(image: Image) -> bytes:
    _, packed = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return packed.tobytes()
