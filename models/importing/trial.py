"""Trying a model file out in a process of its own: nobody vouches for it yet.

A graph may loop without end, ask for all memory, or crash the library that runs it. So its process
has a limit of memory, one of processor time, and a deadline; what remains of it is a ModelError.
"""

import io
import json
import math
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np

from domain.closing import Closing
from domain.errors import ModelCorrupt, ModelError
from models.catalogue.metadata import check_task
from models.detections import Floats
from models.importing import trial_child
from models.sessions.graph import Shape
from models.sessions.ort_words import ERRORS, OPEN_ERRORS, our_error
from models.sessions.ports import Port, check_ports

TRY_WITHIN_S = 60.0
"""Opening and some pictures together; YOLO11x at 1280 takes a fifth of it on one old core."""
MEMORY_BYTES = 4 << 30
"""Address space of the process; YOLO11x at 1280 fits into half of it."""
MAX_LINE_BYTES = 4 << 20
"""Of what a graph says of itself; 1,000 class names are some 20 kB."""


class Trial(Closing):
    """An opened file in a child process. Use `with`; not for several threads.

    Attributes:
        input_shape: of its one input.
        metadata: what the file says of itself.
    """

    input_shape: Shape
    metadata: dict[str, str]

    def __init__(
        self, path: Path, *, within_s: float = TRY_WITHIN_S, memory_bytes: int = MEMORY_BYTES
    ) -> None:
        """Open the file. Raises ModelCorrupt, ModelShapeError or ModelError, which say what is
        wrong with it in words."""
        self._file = str(path)
        self._within_s, self._memory_bytes = within_s, memory_bytes
        self._late = threading.Event()
        self._child = _started(path, within_s, memory_bytes)
        self._timer = threading.Timer(within_s, self._end_late)
        self._timer.daemon = True
        self._timer.start()
        try:
            said, _ = self._answer("cannot be opened as an ONNX graph", opening=True)
            inputs, outputs = _ports(said["inputs"]), _ports(said["outputs"])
            check_task(said["metadata"], self._file)
            check_ports(self._file, inputs, outputs)
        except BaseException:
            self.close()
            raise
        self.input_shape = inputs[0].shape
        self.metadata = said["metadata"]

    def run(self, pictures: Floats) -> Floats:
        """Run pictures (n, 3, h, w) float32; returns the output, float32. Raises ModelError."""
        body = io.BytesIO()
        np.save(body, pictures, allow_pickle=False)
        what = f"cannot run on an input of shape {list(pictures.shape)}"
        try:
            self._stdin.write(b"%d\n" % len(body.getvalue()) + body.getvalue())
            self._stdin.flush()
        except BrokenPipeError:
            raise self._ended(what) from None
        _, answer = self._answer(what, opening=False)
        output: Floats = np.load(io.BytesIO(answer), allow_pickle=False)
        return output

    def close(self) -> None:
        """End the process, whatever it does."""
        self._timer.cancel()
        self._child.kill()
        self._child.communicate()

    @property
    def _stdin(self) -> Any:
        assert self._child.stdin is not None
        return self._child.stdin

    def _answer(self, what: str, *, opening: bool) -> tuple[dict[str, Any], bytes]:
        """What the child says next. Raises ModelError if it is an error, or nothing."""
        assert self._child.stdout is not None
        line = self._child.stdout.readline(MAX_LINE_BYTES)
        if len(line) == MAX_LINE_BYTES:
            raise ModelCorrupt(
                f"{self._file}: says more than {MAX_LINE_BYTES >> 20} MiB of itself; "
                "a detector's names take some kilobytes"
            )
        said = json.loads(line) if line.endswith(b"\n") else {}
        body = self._child.stdout.read(said.get("bytes", 0))
        if not said or len(body) != said["bytes"]:
            raise self._ended(what)
        if "error" in said:
            errors = OPEN_ERRORS if opening else ERRORS
            raise our_error(said["error"], said["message"], f"{self._file}: {what}", errors)
        return said, body

    def _ended(self, what: str) -> ModelError:
        """Why the child is gone."""
        status = self._child.wait()
        if self._late.is_set() or status == -signal.SIGXCPU:
            return ModelError(
                f"{self._file}: {what}: it was still not done after {self._within_s:g} s; "
                "does it loop without end, or is it far too large?"
            )
        name = signal.Signals(-status).name if status < 0 else f"exit {status}"
        return ModelError(
            f"{self._file}: {what}: the process that tried it died ({name}); it may have asked for "
            f"more than the {self._memory_bytes >> 20} MiB of memory that a model is given"
        )

    def _end_late(self) -> None:
        self._late.set()
        self._child.kill()


def _started(path: Path, within_s: float, memory_bytes: int) -> "subprocess.Popen[bytes]":
    limits = str(memory_bytes), str(math.ceil(within_s))
    return subprocess.Popen(
        [sys.executable, "-P", "-m", trial_child.__name__, str(path), *limits],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
    )


def _ports(said: list[list[Any]]) -> list[Port]:
    return [Port(name, kind, tuple(shape)) for name, kind, shape in said]
