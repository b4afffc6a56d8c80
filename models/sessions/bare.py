"""The bare graph: what a model costs without this program, to measure the program beside it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import onnxruntime as ort

from models.detections import Floats

ORT_VERSION: str = ort.__version__


def bare_graph(path: Path, threads: int) -> Callable[[Floats], None]:
    """The graph as onnxruntime runs it for anybody: on the processor, its own settings but for the
    number of threads."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3  # errors
    session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    (given,) = session.get_inputs()
    at_once = not isinstance(given.shape[0], int)

    def run(pictures: Floats) -> None:
        for part in [pictures] if at_once else _one_by_one(pictures):
            session.run(None, {given.name: part})

    return run


def _one_by_one(pictures: Floats) -> Iterator[Floats]:
    return (picture[None] for picture in pictures)
