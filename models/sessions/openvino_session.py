"""The door to the openvino package: the same graphs, run by Intel's library on the processor.

It is an extra and is imported when it is asked for. Processors with bf16 (AVX-512 BF16, AMX) run
about twice as fast with it.
"""

import os
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
from models.detector_settings import Precision, RunSettings
from models.letterbox import Canvases, InputForm
from models.sessions.graph import RunsOn, Shape

DEVICE = "CPU"
HINTS: Mapping[Precision, str] = {"fp32": "f32", "bf16": "bf16", "fp16": "f16"}
"""What OpenVINO calls them; for auto it is not told and takes what the processor has."""
NAMES: Mapping[str, Precision] = {hint: name for name, hint in HINTS.items()}
FRAMEWORK = "framework"
"""Where it keeps an ONNX file's own facts."""

_Way = tuple[InputForm, int, int]
"""The form in which a network takes pictures, and their height and width."""


def lacks() -> str:
    """Why the openvino package cannot be used here; empty if it can."""
    if find_spec("openvino") is None:
        return "the package openvino is not installed, the extra [openvino] brings it"
    return ""


def version() -> str:
    """The openvino package's, which is installed."""
    return metadata.version("openvino")


class OpenvinoSession:
    """An opened graph with one picture input and one output. For each size of picture it is
    compiled anew.

    Pictures are run one by one: on a processor several at once take as long, and a graph compiled
    for more holds more memory. Safe to use from several threads, as many at once as there are
    cores.
    """

    def __init__(self, model: Any, core: Any, path: Path, settings: RunSettings) -> None:
        self._file = str(path)
        self.input_shape = _check(model, self._file)
        self.gains_by_batches = False
        self.takes_other_sizes = True
        self.metadata = _facts(model)
        self._core = core
        self._path = path
        self._config = _config(settings)
        self._at_once = threading.BoundedSemaphore(os.cpu_count() or 1)
        self._lending = threading.Lock()
        self._free: dict[_Way | None, list[Any]] = {}
        self.runs_on = RunsOn(
            provider="openvino",
            through=f"openvino {version()}",
            precision=_precision(core, settings),
            threads=settings.run_threads,
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
        return self._infer(None, pictures)

    def see(self, canvases: Canvases, form: InputForm) -> Floats:
        """Run pictures (n, h, w, 3) uint8 BGR, which the network takes in that form; returns the
        output (n, …) float32. The graph itself turns the one into the other."""
        return self._infer(form, canvases)

    def _infer(self, form: InputForm | None, pictures: Floats | Canvases) -> Floats:
        with _translated(
            self._file, f"cannot run on an input of shape {pictures.shape}", ModelShapeError
        ):
            with self._lent(None if form is None else (form, *pictures.shape[1:3])) as request:
                return _outputs(request, pictures)

    @contextmanager
    def _lent(self, way: _Way | None) -> Iterator[Any]:
        """A request that nobody else uses meanwhile. Each has a graph of its own: requests of one
        graph wait for each other."""
        with self._at_once:
            with self._lending:
                free = self._free.setdefault(way, [])
                request = free.pop() if free else None
            if request is None:
                request = self._compile(way).create_infer_request()
            try:
                yield request
            finally:
                with self._lending:
                    free.append(request)

    def _compile(self, way: _Way | None) -> Any:
        model = self._core.read_model(self._path)
        _, *sizes = (-1 if size is None else size for size in self.input_shape)
        if way is not None:
            sizes[1:] = way[1:]
        if way is not None or self.input_shape[0] is None:
            model.reshape([1, *sizes])
        if way is not None:
            model = _taking(way[0], model)
        return self._core.compile_model(model, DEVICE, self._config)


def _outputs(request: Any, pictures: Floats | Canvases) -> Floats:
    """Run pictures one by one. The request keeps its output for the next run: ours is a copy."""
    given, outputs = request.get_input_tensor(), []
    if tuple(given.shape)[1:] != pictures.shape[1:]:
        raise RuntimeError(f"expected pictures of shape {list(given.shape)[1:]}")
    for picture in pictures:
        given.data[0] = picture
        request.infer()
        outputs.append(np.array(request.get_output_tensor().data, np.float32))
    return np.concatenate(outputs) if len(outputs) > 1 else outputs[0]


def _taking(form: InputForm, model: Any) -> Any:
    """The model with the way from pictures (1, h, w, 3) uint8 BGR to its own input before it."""
    from openvino import Layout, Type
    from openvino.preprocess import ColorFormat, PrePostProcessor

    steps = PrePostProcessor(model)
    given = steps.input().tensor()
    given.set_element_type(Type.u8).set_layout(Layout("NHWC")).set_color_format(ColorFormat.BGR)
    steps.input().model().set_layout(Layout("NCHW"))
    way = steps.input().preprocess().convert_element_type(Type.f32)
    if form.rgb:
        way.convert_color(ColorFormat.RGB)
    way.scale(1 / form.scale)
    return steps.build()


def _config(settings: RunSettings) -> dict[str, Any]:
    """One stream with the threads asked for, not bound to certain cores: the same ones read and
    decode the cameras."""
    config: dict[str, Any] = {
        "PERFORMANCE_HINT": "LATENCY",
        "NUM_STREAMS": 1,
        "INFERENCE_NUM_THREADS": settings.run_threads,
        "ENABLE_CPU_PINNING": False,
    }
    if settings.precision != "auto":
        config["INFERENCE_PRECISION_HINT"] = HINTS[settings.precision]
    return config


def _precision(core: Any, settings: RunSettings) -> Precision:
    """What it will compute in: what was asked for, else what it takes on this processor."""
    if settings.precision != "auto":
        return settings.precision
    said = core.get_property(DEVICE, "INFERENCE_PRECISION_HINT").to_string()
    return NAMES.get(said, "auto")


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
