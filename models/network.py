"""A session and its head, seen to fit each other and the catalogue entry."""

from pathlib import Path

import numpy as np

from domain.errors import ModelCorrupt, ModelShapeError
from models.detections import Floats
from models.entry import ModelEntry
from models.graph import Graph, RunsOn, Shape
from models.heads import Head, head_for
from models.letterbox import Canvases, SizeWH
from models.runtime import open_graph
from models.settings import EXACT, RunSettings


class Network:
    """An opened model. `open` runs one blank picture, so that shapes are known to be right and the
    first real picture pays no warm-up."""

    def __init__(self, session: Graph, head: Head) -> None:
        self._session = session
        self.head = head

    @classmethod
    def open(
        cls, entry: ModelEntry, path: Path, settings: RunSettings | None = None, *, threads: int = 1
    ) -> "Network":
        """Open it as the settings say, without any exactly, on that many threads.

        Raises ModelMissing, ModelCorrupt, or ModelShapeError with both shapes.
        """
        exact = EXACT.model_copy(update={"threads": threads})
        session = open_graph(path, settings or exact)
        head = head_for(entry.head, entry.input_wh, entry.labels)
        where = f"model {entry.name} ({path})"
        check_input(session.input_shape, entry.input_wh, where)
        network = cls(session, head)
        width, height = entry.input_wh
        output = _numbers(network.run(np.zeros((1, height, width, 3), np.uint8)), where)
        _check_output(output, entry, head, where)
        return network

    @property
    def runs_on(self) -> RunsOn:
        return self._session.runs_on

    def run(self, canvases: Canvases) -> Floats:
        """Run pictures (n, h, w, 3) uint8 BGR of the network's input size: the output (n, …)."""
        return self._session.see(canvases, self.head.form)


def check_input(shape: Shape, input_wh: SizeWH, where: str) -> None:
    """Raise ModelShapeError unless the graph takes one picture, or any number, of this size."""
    width, height = input_wh
    expected = (1, 3, height, width)
    fits = len(shape) == 4 and all(
        came in (None, want) for came, want in zip(shape, expected, strict=True)
    )
    if not fits:
        raise ModelShapeError(
            f"{where}: expected an input of shape [1 or open, 3, {height}, {width}], "
            f"got {_words(shape)}; is input_wh right?"
        )


def blank_run(session: Graph, input_wh: SizeWH, where: str) -> Floats:
    """The output for one black picture. Raises ModelCorrupt if it holds anything but numbers."""
    width, height = input_wh
    return _numbers(session.run(np.zeros((1, 3, height, width), np.float32)), where)


def _numbers(output: Floats, where: str) -> Floats:
    if not np.isfinite(output).all():
        raise ModelCorrupt(
            f"{where}: expected numbers for a black picture, got infinite or undefined ones; "
            "the weights are damaged or overflow"
        )
    return output


def _check_output(output: Floats, entry: ModelEntry, head: Head, where: str) -> None:
    expected: Shape = (1, *head.output_shape)
    fits = output.ndim == len(expected) and all(
        want in (None, came) for came, want in zip(output.shape, expected, strict=True)
    )
    if not fits:
        raise ModelShapeError(
            f"{where}: head {entry.head} with {len(entry.labels)} classes expects an output of "
            f"shape {_words(expected)} (batch, {head.layout}), got {_words(output.shape)}; "
            "is the head or the list of labels right?"
        )


def _words(shape: Shape) -> str:
    return "[" + ", ".join("open" if size is None else str(size) for size in shape) + "]"
