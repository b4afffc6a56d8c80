"""The other side of `models.tuning.trying`: a process of its own in which ways are tried.

Started as `python -m models.tuning.way_child MODELS_DIR CORES`. A request is a line of JSON: a
detector's settings, and the model of the reference. The answer tells the milliseconds for each
picture and how far the scores are from those of the reference, or what went wrong.
"""

import json
import os
import resource
import signal
import sys
import time
from functools import cache
from pathlib import Path
from typing import Any

from domain.errors import PatrolError
from models.catalogue.catalog import Catalog
from models.detections import Detections
from models.detector import Detector
from models.detector_settings import EXACT, DetectorSettings
from models.tuning.agreement import furthest
from models.tuning.pictures import real_pictures
from models.tuning.stopwatch import ms_each

COMPARED_FROM = 0.05
"""Boxes are compared from this score on: lower than rules ask, so that there are some."""


def main() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # a library that prints must not speak in between
    trying = WaysTried(Catalog(Path(sys.argv[1]) if sys.argv[1] else None), int(sys.argv[2]))
    for line in sys.stdin.buffer:
        request = json.loads(line)
        # Whoever asked may be gone by then, and a runtime that hangs would stay for ever.
        signal.setitimer(signal.ITIMER_REAL, request["within_s"])
        try:
            said = trying.answer(request)
        except (PatrolError, RuntimeError, ValueError, MemoryError, OSError) as error:
            said = {"why_not": str(error)[:2000] or type(error).__name__}
        signal.setitimer(signal.ITIMER_REAL, 0)
        answers.write(json.dumps(said).encode() + b"\n")
        answers.flush()


class WaysTried:
    """Tries ways one after the other, and compares each with the reference."""

    def __init__(self, catalog: Catalog, cores: int) -> None:
        self._catalog = catalog
        self._cores = cores
        self.reference = cache(self._reference)

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Times one way. Raises what `Detector.open` raises."""
        settings = DetectorSettings.model_validate(request["settings"])
        expected = self.reference(request["reference"])
        detector = Detector.open(self._catalog, settings)
        on = detector.runs_on
        if (on.provider, on.precision) != (settings.provider, settings.precision):
            return {"why_not": f"it computes by {on.provider} in {on.precision} instead: {on.why}"}
        apart = furthest(expected, self._seen(detector), floor=COMPARED_FROM)
        canvases, _ = detector.prepare(real_pictures(detector.input_wh)[:1])
        callers = max(1, self._cores // settings.run_threads)
        ms = ms_each(lambda: detector.run(canvases), callers, time.perf_counter)
        return {"ms": ms, "furthest": apart}

    def _reference(self, model: str) -> list[Detections]:
        exact = DetectorSettings(model=model, confidence=COMPARED_FROM, **EXACT.model_dump())
        return self._seen(Detector.open(self._catalog, exact))

    def _seen(self, detector: Detector) -> list[Detections]:
        return detector.detect(real_pictures(detector.input_wh))


if __name__ == "__main__":
    main()
