"""The door to the openvino package: the same graphs, run by Intel's library on the processor.

It is an extra and is imported when it is asked for. Processors with bf16 (AVX-512 BF16, AMX) run
about twice as fast with it.
"""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from domain.errors import ModelCorrupt, ModelError, ModelMissing, ModelShapeError
from models.detections import Floats
from models.graph import RunsOn, Shape
from models.settings import Precision, RunSettings

DEVICE = "CPU"
HINTS: Mapping[Precision, str] = {"fp32": "f32", "bf16": "bf16", "fp16": "f16"}
"""What OpenVINO calls them; for auto it is not told and takes what the processor has."""
NAMES: Mapping[str, Precision] = {hint: name for name, hint in HINTS.items()}
FRAMEWORK = "framework"
"""Where it keeps an ONNX file's own facts."""


def lacks() -> str:
    """Why the openvino package cannot be used here; empty if it can."""
    if find_spec("openvino") is None:
        return "the package openvino is not installed, the extra [openvino] brings it"
    return ""


class OpenvinoSession:
    """An opened graph with one picture input and one output.

    Single pictures run in a graph compiled for one, which is faster; more at once in one that
    leaves the number open, compiled when first needed. Safe to use from several threads: each has
    its own requests.
    """

    def __init__(self, model: Any, core: Any, path: Path, settings: RunSettings) -> None:
        self._file = str(path)
        self.input_shape = _check(model, self._file)
        self.metadata = _facts(model)
        self._core = core
        self._path = path
        self._config = _config(settings)
        self._compiling = threading.Lock()
        self._requests = threading.local()
        self._many: Any = None
        self._one = self._compile(model, 1)
        said = self._one.get_property("INFERENCE_PRECISION_HINT").to_string()
        self.runs_on = RunsOn(
            provider="openvino",
            through=f"openvino {metadata.version('openvino')}",
            precision=NAMES.get(said, "auto"),
            threads=settings.threads,
        )

    @classmethod
    def open(cls, path: Path, settings: RunSettings) -> "OpenvinoSession":
        """Open an ONNX file. Raises ModelMissing, ModelCorrupt, ModelShapeError, or ModelError
        where the package is missing."""
        if not path.is_file():
            raise ModelMissing(f"{path}: expected a model file, found none")
        if lack := lacks():
            raise ModelError(f"{path}: cannot be run by openvino: {lack}")
        import openvino

        with _translated(str(path), "cannot be opened as an ONNX graph", ModelCorrupt):
            core = openvino.Core()
            return cls(core.read_model(path), core, path, settings)

    def run(self, pictures: Floats) -> Floats:
        """Run pictures (n, 3, h, w) float32; returns the output (n, …) float32."""
        what = f"cannot run on an input of shape {pictures.shape}"
        with _translated(self._file, what, ModelShapeError):
            if len(pictures) == 1:
                return self._infer("one", self._one, pictures)
            if self.input_shape[0] is None:
                return self._infer("many", self._compiled_for_many(), pictures)
            return np.concatenate([self._infer("one", self._one, p[None]) for p in pictures])

    def _infer(self, which: str, compiled: Any, pictures: Floats) -> Floats:
        request = getattr(self._requests, which, None)
        if request is None:
            request = compiled.create_infer_request()
            setattr(self._requests, which, request)
        # The request keeps its output for the next run, so ours must be a copy.
        return np.array(request.infer([pictures])[0], np.float32)

    def _compiled_for_many(self) -> Any:
        with self._compiling:
            if self._many is None:
                self._many = self._compile(self._core.read_model(self._path), None)
            return self._many

    def _compile(self, model: Any, batch: int | None) -> Any:
        if batch is not None and self.input_shape[0] is None:
            sizes = [batch, *(-1 if size is None else size for size in self.input_shape[1:])]
            model.reshape(sizes)
        return self._core.compile_model(model, DEVICE, self._config)


def _config(settings: RunSettings) -> dict[str, Any]:
    """One stream with the threads asked for, not bound to certain cores: the same ones read and
    decode the cameras."""
    config: dict[str, Any] = {
        "PERFORMANCE_HINT": "LATENCY",
        "NUM_STREAMS": 1,
        "INFERENCE_NUM_THREADS": settings.threads,
        "ENABLE_CPU_PINNING": False,
    }
    if settings.precision != "auto":
        config["INFERENCE_PRECISION_HINT"] = HINTS[settings.precision]
    return config


def _check(model: Any, file: str) -> Shape:
    """The input's shape. Raises ModelShapeError for what is not one float32 picture in, one out."""
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise ModelShapeError(
            f"{file}: expected one input and one output, "
            f"got {len(model.inputs)} and {len(model.outputs)}; "
            "export the detector without extra heads"
        )
    entry = model.inputs[0]
    came = entry.element_type.to_string()
    if came not in ("f32", "float32"):
        raise ModelShapeError(
            f"{file}: expected float32 input, got {came}; "
            "export the model with float32 inputs (fp16 weights are fine)"
        )
    return tuple(
        size.get_length() if size.is_static else None for size in entry.get_partial_shape()
    )


def _facts(model: Any) -> dict[str, str]:
    if not model.has_rt_info([FRAMEWORK]):
        return {}
    return {key: str(fact) for key, fact in model.get_rt_info([FRAMEWORK]).value.items()}


@contextmanager
def _translated(file: str, what: str, kind: type[ModelError]) -> Iterator[None]:
    """OpenVINO raises RuntimeError for everything; its message ends with what matters."""
    try:
        yield
    except RuntimeError as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        reason = lines[-1] if lines else type(error).__name__
        raise kind(f"{file}: {what}: {reason}") from error
