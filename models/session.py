"""The only door to onnxruntime: opens a graph, runs pictures through it, translates its errors."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors

from domain.errors import ModelCorrupt, ModelError, ModelMissing, ModelShapeError
from models.detections import Floats
from models.settings import Provider

PROVIDERS: Mapping[Provider, tuple[str, ...]] = {"cpu": ("CPUExecutionProvider",)}
LOG_ERRORS_ONLY = 3

Shape = tuple[int | None, ...]
"""Sizes of a tensor; None where the graph leaves one open."""

ERRORS: Mapping[str, type[ModelError]] = {
    "NoSuchFile": ModelMissing,
    "NoModel": ModelMissing,
    "NotFound": ModelMissing,
    "InvalidProtobuf": ModelCorrupt,
    "InvalidGraph": ModelCorrupt,
    "InvalidArgument": ModelShapeError,
    "RuntimeException": ModelError,
    "Fail": ModelCorrupt,
    "NotImplemented": ModelError,
    "EngineError": ModelError,
    "EPFail": ModelError,
    "DeviceReset": ModelError,
    "ModelLoaded": ModelError,
    "ModelLoadCanceled": ModelError,
    "ModelRequiresCompilation": ModelError,
}
"""Every error class of onnxruntime by name, and what it is to us when a graph is run."""

OPEN_ERRORS: Mapping[str, type[ModelError]] = {**ERRORS, "InvalidArgument": ModelCorrupt}
"""The same when a graph is opened: a file without a graph is an invalid argument there."""

# Older versions of onnxruntime know fewer of them.
_THEIRS = tuple(getattr(ort_errors, name) for name in ERRORS if hasattr(ort_errors, name))


class Session:
    """An opened graph with one picture input and one output.

    A graph with an open batch size runs a whole batch in one call, one with batch size 1 runs
    picture by picture. Safe to use from several threads.
    """

    def __init__(self, session: ort.InferenceSession, file: str) -> None:
        self._session = session
        self._file = file
        (self._input, *more), outputs = session.get_inputs(), session.get_outputs()
        if more or len(outputs) != 1:
            raise ModelShapeError(
                f"{file}: expected one input and one output, "
                f"got {1 + len(more)} and {len(outputs)}; export the detector without extra heads"
            )
        self.input_shape = _shape(self._input.shape)
        self.metadata: dict[str, str] = dict(session.get_modelmeta().custom_metadata_map)
        if self._input.type != "tensor(float)":
            raise ModelShapeError(
                f"{file}: expected float32 input, got {self._input.type}; "
                "export the model with float32 inputs (fp16 weights are fine)"
            )

    @classmethod
    def open(cls, path: Path, *, threads: int = 1, provider: Provider = "cpu") -> "Session":
        """Open an ONNX file. Raises ModelMissing, ModelCorrupt or ModelShapeError."""
        if not path.is_file():
            raise ModelMissing(f"{path}: expected a model file, found none")
        with _translated(str(path), "cannot be opened as an ONNX graph", OPEN_ERRORS):
            session = ort.InferenceSession(
                str(path), _options(threads), providers=list(PROVIDERS[provider])
            )
        return cls(session, str(path))

    def run(self, pictures: Floats) -> Floats:
        """Run pictures (n, 3, h, w) float32; returns the output (n, …) float32."""
        with _translated(self._file, f"cannot run on an input of shape {pictures.shape}", ERRORS):
            if self.input_shape[0] is None or len(pictures) == 1:
                return self._run(pictures)
            return np.concatenate([self._run(picture[None]) for picture in pictures])

    def _run(self, pictures: Floats) -> Floats:
        (output,) = self._session.run(None, {self._input.name: pictures})
        return np.asarray(output, np.float32)


def _options(threads: int) -> ort.SessionOptions:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = LOG_ERRORS_ONLY
    # Idle threads must sleep: the same cores read and decode the cameras.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


def _shape(sizes: list[Any]) -> Shape:
    return tuple(size if isinstance(size, int) and size > 0 else None for size in sizes)


@contextmanager
def _translated(file: str, what: str, errors: Mapping[str, type[ModelError]]) -> Iterator[None]:
    try:
        yield
    except _THEIRS as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise errors[type(error).__name__](f"{file}: {what}: {reason}") from error
