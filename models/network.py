"""A session and its head, seen to fit each other and the catalogue entry."""

import threading
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import numpy as np
import structlog

from domain.errors import ModelCorrupt, ModelError, ModelShapeError
from models.catalogue.entry import ModelEntry
from models.detections import Floats
from models.detector_settings import EXACT, RunSettings
from models.heads.candidates import STRIDES
from models.heads.families import Head, head_for
from models.letterbox import Image, Letterbox, SizeWH
from models.sessions.graph import Graph, RunsOn, Shape
from models.sessions.ports import words
from models.sessions.runtime import open_graph

MORE_SIZES = 4
"""Input sizes beside the model's own that are tried at most: each takes some 50 MB."""

MAX_INPUT_PIXELS = 4096 * 4096
"""Of a network's input: 201 MB as float32."""

log = structlog.get_logger(__name__)


class Network:
    """An opened model. `open` runs one blank picture, so that shapes are known to be right and the
    first real picture pays no warm-up."""

    def __init__(self, session: Graph, entry: ModelEntry) -> None:
        self.head = head_for(entry.head, entry.input_wh, entry.labels, entry.boxes)
        """That of the model's own input size."""
        self._session = session
        self._entry = entry
        self._heads: dict[SizeWH, Head | None] = {entry.input_wh: self.head}
        """By input size; none where the graph cannot take it."""
        self._trying = threading.Lock()

    @classmethod
    def open(
        cls, entry: ModelEntry, path: Path, settings: RunSettings | None = None, *, threads: int = 1
    ) -> "Network":
        """Open it as the settings say, without any exactly, on that many threads.

        Raises ModelMissing, ModelCorrupt, or ModelShapeError with both shapes.
        """
        exact = EXACT.model_copy(update={"threads": threads})
        session = open_graph(path, settings or exact)
        check_input(session.input_shape, entry.input_wh, f"model {entry.name} ({path})")
        network = cls(session, entry)
        network._check(network.head, entry.input_wh, f"model {entry.name} ({path})")
        return network

    @property
    def runs_on(self) -> RunsOn:
        return self._session.runs_on

    @property
    def gains_by_batches(self) -> bool:
        return self._session.gains_by_batches

    def place(self, size_wh: SizeWH) -> Letterbox:
        """Where a picture of `size_wh` lies in an input that is no larger than it needs to be: of
        a picture that is less wide than the model's own input less is computed, if the graph
        allows it."""
        centred = self.head.form.centred
        place = Letterbox.fit(size_wh, self._entry.input_wh, centred=centred)
        if not self._session.takes_other_sizes:
            return place
        trimmed = place.trimmed(STRIDES[-1], centred=centred)
        return trimmed if self._takes(trimmed.input_wh) else place

    def head_of(self, input_wh: SizeWH) -> Head:
        """The head of an input size that `place` gave."""
        head = self._heads[input_wh]
        assert head is not None
        return head

    def run(self, canvases: Sequence[Image]) -> list[Floats]:
        """Run pictures (h, w, 3) uint8 BGR of input sizes that `place` gave: their outputs."""
        outputs: list[Floats] = []
        for _, alike in groupby(canvases, key=lambda canvas: canvas.shape):
            outputs += list(self._session.see(np.stack(list(alike)), self.head.form))
        return outputs

    def _takes(self, input_wh: SizeWH) -> bool:
        """Whether the graph runs on such an input; tried out the first time."""
        with self._trying:
            if input_wh not in self._heads:
                if len(self._heads) > MORE_SIZES:
                    return False
                self._heads[input_wh] = self._tried(input_wh)
            return self._heads[input_wh] is not None

    def _tried(self, input_wh: SizeWH) -> Head | None:
        entry = self._entry
        head = head_for(entry.head, input_wh, entry.labels, entry.boxes)
        if None in head.output_shape:  # its rows would not tell whether they are still right
            return None
        try:
            self._check(head, input_wh, entry.name)
        except ModelError as error:
            log.info("the model keeps its input size", tried=input_wh, error=str(error))
            return None
        return head

    def _check(self, head: Head, input_wh: SizeWH, where: str) -> None:
        """Run one black picture."""
        width, height = input_wh
        output = self._session.see(np.zeros((1, height, width, 3), np.uint8), head.form)
        check_output(numbers(output, where), self._entry, head, where)


def whole_input(entry: ModelEntry, image: Image) -> Floats:
    """A picture as any runtime gives it to the model, (1, 3, h, w) float32 of its own input size,
    nothing trimmed."""
    form = head_for(entry.head, entry.input_wh, entry.labels, entry.boxes).form
    size_wh = image.shape[1], image.shape[0]
    return Letterbox.fit(size_wh, entry.input_wh, centred=form.centred).planes(image, form)


def check_input(shape: Shape, input_wh: SizeWH, where: str) -> None:
    """Raise ModelShapeError unless the graph takes one picture, or any number, of this size."""
    width, height = input_wh
    if width * height > MAX_INPUT_PIXELS:
        raise ModelShapeError(
            f"{where}: expected an input of at most {MAX_INPUT_PIXELS} pixels, "
            f"got {width} × {height}; export the model for a smaller picture"
        )
    if len(shape) == 4 and shape[0] not in (None, 1):
        raise ModelShapeError(
            f"{where}: expected an input of one picture or of any number, got {words(shape)}: "
            f"always {shape[0]} at once; export it with batch=1 or dynamic=True"
        )
    expected = (1, 3, height, width)
    fits = len(shape) == 4 and all(
        came in (None, want) for came, want in zip(shape, expected, strict=True)
    )
    if not fits:
        raise ModelShapeError(
            f"{where}: expected an input of shape [1 or open, 3, {height}, {width}], "
            f"got {words(shape)}; is input_wh right?"
        )


def numbers(output: Floats, where: str) -> Floats:
    """The output for a black picture, if it holds nothing but numbers, else ModelCorrupt."""
    if not np.isfinite(output).all():
        raise ModelCorrupt(
            f"{where}: expected numbers for a black picture, got infinite or undefined ones; "
            "the weights are damaged or overflow"
        )
    return output


def check_output(output: Floats, entry: ModelEntry, head: Head, where: str) -> None:
    """Raise ModelShapeError unless the output of one picture (1, …) has the shape of its head."""
    expected: Shape = (1, *head.output_shape)
    fits = output.ndim == len(expected) and all(
        want in (None, came) for came, want in zip(output.shape, expected, strict=True)
    )
    if not fits:
        raise ModelShapeError(
            f"{where}: head {entry.head} with {len(entry.labels)} classes expects an output of "
            f"shape {words(expected)} (batch, {head.layout}), got {words(output.shape)}; "
            "is the head or the list of labels right?"
        )
