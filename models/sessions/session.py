"""The door to onnxruntime: opens a graph, runs pictures through it, translates its errors."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors

from domain.errors import ModelError, ModelMissing
from models.detections import Floats
from models.detector_settings import Precision, Provider, RunSettings
from models.letterbox import Canvases, InputForm, as_planes
from models.sessions.graph import RunsOn, Shape
from models.sessions.ort_words import ERRORS, OPEN_ERRORS, our_error
from models.sessions.ports import Port, check_ports

CPU = "CPUExecutionProvider"
PROVIDERS: Mapping[Provider, str] = {
    "cpu": CPU,
    "openvino": "OpenVINOExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
}
"""What onnxruntime calls them."""
PACKAGES: Mapping[Provider, str] = {
    "cpu": "onnxruntime",
    "openvino": "onnxruntime-openvino",
    "cuda": "onnxruntime-gpu",
    "tensorrt": "onnxruntime-gpu and TensorRT",
}
"""Which build of onnxruntime brings them."""
LOG_ERRORS_ONLY = 3
LOG_FATAL_ONLY = 4

# Older versions of onnxruntime know fewer of them.
_THEIRS = tuple(getattr(ort_errors, name) for name in ERRORS if hasattr(ort_errors, name))


class Session:
    """An opened graph with one picture input and one output.

    A graph with an open batch size runs a whole batch in one call, one with batch size 1 runs
    picture by picture. Safe to use from several threads.
    """

    def __init__(self, session: ort.InferenceSession, file: str, runs_on: RunsOn) -> None:
        self._session = session
        self._file = file
        self.runs_on = runs_on
        inputs = _ports(session.get_inputs())
        check_ports(file, inputs, _ports(session.get_outputs()))
        self._input_name = inputs[0].name
        self.input_shape = inputs[0].shape
        self.gains_by_batches = runs_on.provider in ("cuda", "tensorrt")
        self.takes_other_sizes = None in self.input_shape[2:]
        self.metadata: dict[str, str] = dict(session.get_modelmeta().custom_metadata_map)

    @classmethod
    def open(cls, path: Path, *, threads: int = 1) -> "Session":
        """Open an ONNX file for the processor. Raises as `open_on` does."""
        return cls.open_on("cpu", path, RunSettings(threads=threads))

    @classmethod
    def open_on(cls, provider: Provider, path: Path, settings: RunSettings) -> "Session":
        """Open an ONNX file for one provider, or fail: there is no silent other one.

        Raises ModelMissing, ModelCorrupt, ModelShapeError, or ModelError where this onnxruntime
        or this machine lacks the provider.
        """
        if not path.is_file():
            raise ModelMissing(f"{path}: expected a model file, found none")
        if lack := lacks(provider):
            raise ModelError(f"{path}: cannot be run by {provider}: {lack}")
        with _translated(str(path), "cannot be opened as an ONNX graph", OPEN_ERRORS):
            session = ort.InferenceSession(
                str(path),
                _options(settings.run_threads, provider),
                providers=_providers(provider, path, settings),
            )
        if PROVIDERS[provider] not in session.get_providers():
            raise ModelError(
                f"{path}: {PROVIDERS[provider]} did not start on this machine; its driver or "
                f"libraries do not fit onnxruntime {ort.__version__}"
            )
        runs_on = RunsOn(
            provider=provider,
            through=f"onnxruntime {ort.__version__}",
            precision=_precision(provider, settings.precision),
            threads=settings.run_threads,
        )
        return cls(session, str(path), runs_on)

    def run(self, pictures: Floats) -> Floats:
        """Run pictures (n, 3, h, w) float32; returns the output (n, …) float32."""
        with _translated(self._file, f"cannot run on an input of shape {pictures.shape}", ERRORS):
            if self.input_shape[0] is None or len(pictures) == 1:
                return self._run(pictures)
            return np.concatenate([self._run(picture[None]) for picture in pictures])

    def see(self, canvases: Canvases, form: InputForm) -> Floats:
        """Run pictures (n, h, w, 3) uint8 BGR, which the network takes in that form; returns the
        output (n, …) float32."""
        return self.run(as_planes(canvases, form))

    def _run(self, pictures: Floats) -> Floats:
        (output,) = self._session.run(None, {self._input_name: pictures})
        return np.asarray(output, np.float32)


def lacks(provider: Provider) -> str:
    """Why the installed onnxruntime cannot run on a provider; empty if it can."""
    if PROVIDERS[provider] in ort.get_available_providers():
        return ""
    return f"onnxruntime {ort.__version__} here is built without it; install {PACKAGES[provider]}"


def _providers(
    provider: Provider, path: Path, settings: RunSettings
) -> list[tuple[str, dict[str, str]]]:
    """The provider with its options, and after it those that take what it leaves over."""
    card = {"device_id": str(settings.device_id)}
    exact = settings.precision == "fp32"
    cuda = (PROVIDERS["cuda"], {**card, "use_tf32": "0" if exact else "1"})
    cpu: tuple[str, dict[str, str]] = (CPU, {})
    match provider:
        case "openvino":
            options = {"device_type": "CPU", "num_of_threads": str(settings.run_threads)}
            return [(PROVIDERS["openvino"], options), cpu]
        case "cuda":
            return [cuda, cpu]
        case "tensorrt":
            engines = settings.engines_dir or path.parent / "engines"
            engines.mkdir(parents=True, exist_ok=True)
            options = {
                **card,
                "trt_engine_cache_enable": "1",
                "trt_engine_cache_path": str(engines),
                "trt_timing_cache_enable": "1",
                "trt_timing_cache_path": str(engines),
                "trt_fp16_enable": "0" if exact else "1",
            }
            return [(PROVIDERS["tensorrt"], options), cuda, cpu]
        case _:
            return [cpu]


def _precision(provider: Provider, asked: Precision) -> Precision:
    """What comes of the precision asked for. Only tensorrt can compute less exactly than the file
    says; what onnxruntime's OpenVINO would do with it is not known, so it is not asked."""
    return "fp16" if provider == "tensorrt" and asked != "fp32" else "fp32"


def _options(threads: int, provider: Provider) -> ort.SessionOptions:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    # A card that does not start is told by us, once, with the provider that took its place.
    options.log_severity_level = LOG_ERRORS_ONLY if provider == "cpu" else LOG_FATAL_ONLY
    # Idle threads must sleep: the same cores read and decode the cameras.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


def _ports(theirs: Sequence[Any]) -> list[Port]:
    return [Port(port.name, port.type, _shape(port.shape)) for port in theirs]


def _shape(sizes: list[Any]) -> Shape:
    return tuple(size if isinstance(size, int) and size > 0 else None for size in sizes)


@contextmanager
def _translated(file: str, what: str, errors: Mapping[str, type[ModelError]]) -> Iterator[None]:
    try:
        yield
    except _THEIRS as error:
        raise our_error(type(error).__name__, str(error), f"{file}: {what}", errors) from error
