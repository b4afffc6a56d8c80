"""What one look costs, stage by stage, beside what onnxruntime alone needs for the graph."""

import os
import platform
import time
from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np

from domain.base import Value
from domain.incident import ModelRef
from models.catalogue.catalog import Catalog
from models.detector import Detector
from models.detector_settings import DetectorSettings
from models.letterbox import Image, SizeWH
from models.network import whole_input
from models.sessions.bare import ORT_VERSION, bare_graph
from models.tuning.machine import processor_name

CAMERA_WH = 1920, 1080
"""The size of picture whose shape is measured, unless another picture is given."""
WARM_UP = 2
"""Looks before those that count."""

Timer = Callable[[], float]
"""Tells seconds."""


class Spread(Value):
    """Milliseconds for one picture, over all rounds."""

    median_ms: float
    p95_ms: float

    @classmethod
    def of(cls, seconds: list[float], pictures: int) -> "Spread":
        per_picture = [1000 * one / pictures for one in seconds]
        median, p95 = np.percentile(per_picture, [50, 95])
        return cls(median_ms=float(median), p95_ms=float(p95))


class LookCost(Value):
    """What a look at one picture costs when `batch` of them are looked at together."""

    model: ModelRef
    runs_on: str
    """What computed, in words."""
    threads: int
    batch: int
    rounds: int
    boxes: int
    """How many boxes were found in the picture: each costs a little."""
    letterbox: Spread
    """Scaling, padding, conversion to the input tensor."""
    run: Spread
    """The graph, as the detector runs it."""
    decode: Spread
    """Head, suppression, back to frame units."""
    look: Spread
    """All of it, by the clock on the wall."""
    look_cpu: Spread
    """All of it, in processor time. On a busy machine the wall's clock shows more."""
    graph: Spread
    """The same picture in the model's whole input, through the same graph in an onnxruntime of its
    own, without this program."""


class Machine(Value):
    """What it was measured on."""

    processor: str
    cores: int
    """Those that this process may use."""
    load: float
    """How many processes wanted a core during the last minute."""
    system: str
    python: str
    onnxruntime: str


class _Marks(NamedTuple):
    """The times at which the stages of one round ended."""

    start: float
    prepared: float
    ran: float
    decoded: float
    cpu: float
    """Processor seconds of the whole round."""


def this_machine() -> Machine:
    return Machine(
        processor=processor_name(),
        cores=len(os.sched_getaffinity(0)),
        load=round(os.getloadavg()[0], 2),
        system=platform.platform(terse=True),
        python=platform.python_version(),
        onnxruntime=ORT_VERSION,
    )


def sample_picture(size_wh: SizeWH) -> Image:
    """A picture (h, w, 3) of soft shapes, the same every time: what it shows does not matter."""
    coarse = np.random.default_rng(7).integers(0, 256, (9, 16, 3), np.uint8)
    return np.asarray(cv2.resize(coarse, size_wh, interpolation=cv2.INTER_CUBIC), np.uint8)


def measure_look(
    catalog: Catalog,
    settings: DetectorSettings,
    *,
    batch: int = 1,
    picture: Image | None = None,
    rounds: int = 50,
    timer: Timer = time.perf_counter,
    cpu_timer: Timer = time.process_time,
) -> LookCost:
    """Look `rounds` times at `batch` pictures together, and run the bare graph in between.

    The picture (h, w, 3) uint8 BGR is scaled beforehand as the decoder does it, so that the
    letterbox only pads. Raises what `Detector.open` raises.
    """
    settings = settings.model_copy(update={"max_batch": max(batch, settings.max_batch)})
    detector = Detector.open(catalog, settings)
    picture = sample_picture(CAMERA_WH) if picture is None else picture
    fit_wh = detector.fit_wh((picture.shape[1], picture.shape[0]))
    images = [np.asarray(cv2.resize(picture, fit_wh), np.uint8)] * batch
    bare = bare_graph(catalog.path(settings.model), settings.run_threads)
    inputs = np.repeat(whole_input(catalog.get(settings.model), images[0]), batch, axis=0)
    marks: list[_Marks] = []
    graph_s: list[float] = []
    for _ in range(WARM_UP + rounds):
        marks.append(_one_round(detector, images, timer, cpu_timer))
        begun = timer()
        bare(inputs)
        graph_s.append(timer() - begun)
    return LookCost(
        model=detector.ref,
        runs_on=str(detector.runs_on),
        threads=settings.run_threads,
        batch=batch,
        rounds=rounds,
        boxes=len(detector.detect(images[:1])[0]),
        graph=Spread.of(graph_s[WARM_UP:], batch),
        **_stages(marks[WARM_UP:], batch),
    )


def _stages(marks: list[_Marks], batch: int) -> dict[str, Spread]:
    return {
        "letterbox": Spread.of([m.prepared - m.start for m in marks], batch),
        "run": Spread.of([m.ran - m.prepared for m in marks], batch),
        "decode": Spread.of([m.decoded - m.ran for m in marks], batch),
        "look": Spread.of([m.decoded - m.start for m in marks], batch),
        "look_cpu": Spread.of([m.cpu for m in marks], batch),
    }


def _one_round(detector: Detector, images: list[Image], timer: Timer, cpu_timer: Timer) -> _Marks:
    cpu, start = cpu_timer(), timer()
    canvases, places = detector.prepare(images)
    prepared = timer()
    outputs = detector.run(canvases)
    ran = timer()
    for output, place in zip(outputs, places, strict=True):
        detector.decode(output, place)
    return _Marks(start, prepared, ran, timer(), cpu_timer() - cpu)
