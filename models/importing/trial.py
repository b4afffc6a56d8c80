"""Trying a model file out in a process of its own: nobody vouches for it yet.

A graph may loop without end, ask for all memory, or crash the library that runs it. So its process
has a limit of memory, one of processor time, and a deadline; what remains of it is a ModelError.
"""

import io
import math
from pathlib import Path
from typing import Any

import numpy as np

from domain.closing import Closing
from domain.errors import ModelCorrupt, ModelError
from models.asked_child import MAX_LINE_BYTES, AnswerTooLong, AskedChild, ChildEnded
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
        arguments = [str(path), str(memory_bytes), str(math.ceil(within_s))]
        self._child = AskedChild(trial_child.__name__, arguments, within_s=within_s)
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
            self._child.send(b"%d\n" % len(body.getvalue()) + body.getvalue())
        except ChildEnded as end:
            raise self._ended(what, end) from None
        _, answer = self._answer(what, opening=False)
        output: Floats = np.load(io.BytesIO(answer), allow_pickle=False)
        return output

    def close(self) -> None:
        """End the process, whatever it does."""
        self._child.close()

    def _answer(self, what: str, *, opening: bool) -> tuple[dict[str, Any], bytes]:
        """What the child says next. Raises ModelError if it is an error, or nothing."""
        try:
            said, body = self._child.answer()
        except AnswerTooLong:
            raise ModelCorrupt(
                f"{self._file}: says more than {MAX_LINE_BYTES >> 20} MiB of itself; "
                "a detector's names take some kilobytes"
            ) from None
        except ChildEnded as end:
            raise self._ended(what, end) from None
        if "error" in said:
            errors = OPEN_ERRORS if opening else ERRORS
            raise our_error(said["error"], said["message"], f"{self._file}: {what}", errors)
        return said, body

    def _ended(self, what: str, end: ChildEnded) -> ModelError:
        """Why the child is gone."""
        if end.late:
            return ModelError(
                f"{self._file}: {what}: it was still not done after {self._within_s:g} s; "
                "does it loop without end, or is it far too large?"
            )
        return ModelError(
            f"{self._file}: {what}: the process that tried it died ({end.how}); it may have asked "
            f"for more than the {self._memory_bytes >> 20} MiB of memory that a model is given"
        )


def _ports(said: list[list[Any]]) -> list[Port]:
    return [Port(name, kind, tuple(shape)) for name, kind, shape in said]
