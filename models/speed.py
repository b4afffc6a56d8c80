"""What one look costs, stage by stage."""

import statistics
import time
from collections.abc import Callable

from domain.base import Value
from domain.incident import ModelRef
from models.detector import Detector
from models.letterbox import Image


class LookCost(Value):
    """Medians over some looks at one picture, in milliseconds of wall time."""

    model: ModelRef
    looks: int
    letterbox_ms: float
    """Scaling, padding, conversion to the input tensor."""
    run_ms: float
    """onnxruntime alone."""
    decode_ms: float
    """Head, suppression, back to frame units."""
    look_ms: float
    """All of it."""


def measure_look(
    detector: Detector,
    image: Image,
    *,
    looks: int = 50,
    timer: Callable[[], float] = time.perf_counter,
) -> LookCost:
    """Look at one picture (h, w, 3) uint8 BGR `looks` times; `timer` tells seconds."""
    marks = [_one_look(detector, image, timer) for _ in range(looks)]

    def median_ms(start: int, end: int) -> float:
        return 1000 * statistics.median(mark[end] - mark[start] for mark in marks)

    return LookCost(
        model=detector.ref,
        looks=looks,
        letterbox_ms=median_ms(0, 1),
        run_ms=median_ms(1, 2),
        decode_ms=median_ms(2, 3),
        look_ms=median_ms(0, 3),
    )


def _one_look(
    detector: Detector, image: Image, timer: Callable[[], float]
) -> tuple[float, float, float, float]:
    start = timer()
    pictures, (place,) = detector.prepare([image])
    prepared = timer()
    (output,) = detector.run(pictures)
    ran = timer()
    detector.decode(output, place)
    return start, prepared, ran, timer()
