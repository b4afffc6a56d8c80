"""Static quantisation: a model whose convolutions count in 8 bits.

Their ranges are taken from pictures. Needs the extra [quantise].
"""

import tempfile
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
from pydantic import Field

from domain.base import Settings
from domain.errors import ModelCorrupt, ModelError
from models.catalogue.entry import ModelEntry
from models.catalogue.extras import how_to_install
from models.catalogue.files import draft_for
from models.catalogue.metadata import ExportMetadata
from models.detections import Floats
from models.importing.newcomer import try_out
from models.importing.pictures import no_pictures, pictures_among
from models.network import whole_input

Method = Literal["minmax", "percentile", "entropy"]
Activations = Literal["uint8", "int8"]
METHODS: Mapping[Method, str] = {
    "minmax": "MinMax",
    "percentile": "Percentile",
    "entropy": "Entropy",
}
TYPES: Mapping[Activations, str] = {"uint8": "QUInt8", "int8": "QInt8"}
LEAST_OPSET = 13
"""From here on a scale for each channel can be written down."""

Progress = Callable[[int, int], None]
"""Called with how many pictures were run, and of how many."""


class QuantiseSettings(Settings):
    """How the ranges are found and how fine the steps are."""

    method: Method = "percentile"
    """What becomes of rare large values: kept (minmax), cut beyond a percentile, or cut where the
    histogram loses least (entropy)."""
    activations: Activations = "uint8"
    """uint8 suits x86 processors, int8 suits ARM and graphics cards."""
    per_channel: bool = True
    """A scale for each channel of the weights instead of one for all."""
    float_levels: int = Field(default=0, ge=0)
    """So many convolutions, counted from the outputs, stay in floating point."""
    pictures: int = Field(default=16, ge=1)
    """At most so many pictures are run, evenly chosen."""


def quantise(
    source: Path,
    entry: ModelEntry,
    pictures: Path,
    target: Path,
    settings: QuantiseSettings,
    progress: Progress | None = None,
) -> Path:
    """Write `target`, the model of `source` with its convolutions in 8 bits.

    `entry` tells its input and head, which the file says of itself from then on: the import needs
    no more. Raises ModelError without the extra [quantise], ConfigurationError without pictures,
    ModelCorrupt for what cannot be quantised; then nothing is written.
    """
    files = pictures_in(pictures, settings.pictures)
    try:
        import onnx
        from onnx.version_converter import convert_version
        from onnxruntime import quantization
    except ImportError as error:
        raise ModelError(
            f"{source}: quantising needs the extra [quantise]; "
            f"{how_to_install('quantise')} ({error})"
        ) from error
    with tempfile.TemporaryDirectory() as folder, draft_for(target) as draft:
        folded = Path(folder) / "folded.onnx"
        try:
            # Weights that are kept in 16 bits become plain ones again, which is what it looks for.
            quantization.quant_pre_process(str(source), str(folded), skip_symbolic_shape=True)
            model = onnx.load(str(folded))
            if _opset(model) < LEAST_OPSET:
                model = convert_version(model, LEAST_OPSET)
                onnx.save(model, str(folded))
            reader = _Reader(entry, model.graph.input[0].name, files, progress)
            _quantise_file(folded, draft, model.graph, reader, settings)
        except (ValueError, RuntimeError, onnx.checker.ValidationError) as error:
            raise ModelCorrupt(f"{source}: cannot be quantised: {error}") from error
        _tell_facts(source, entry, draft)
        try_out(entry, draft)
    return target


def pictures_in(folder: Path, limit: int) -> list[Path]:
    """At most `limit` pictures of a folder and those below it, evenly chosen by name. Raises
    ConfigurationError if there are none."""
    files = pictures_among(folder.rglob("*"))
    if not files:
        raise no_pictures(folder)
    chosen = np.linspace(0, len(files) - 1, min(limit, len(files))).astype(int)
    return [files[i] for i in chosen]


def float_convolutions(graph: Any, levels: int) -> list[str]:
    """The names of the convolutions from which an output is reached through fewer than `levels`
    others."""
    users: dict[str, list[Any]] = {}
    for node in graph.node:
        for tensor in node.input:
            users.setdefault(tensor, []).append(node)
    below: dict[str, int] = {}
    for node in reversed(graph.node):
        later = [user for tensor in node.output for user in users.get(tensor, [])]
        counts = [below[user.output[0]] + (user.op_type == "Conv") for user in later]
        below[node.output[0]] = min(counts, default=0)
    convolutions = (node for node in graph.node if node.op_type == "Conv")
    return [node.name for node in convolutions if below[node.output[0]] < levels]


def _opset(model: Any) -> int:
    versions = {each.domain: each.version for each in model.opset_import}
    return int(versions.get("") or versions["ai.onnx"])


def _quantise_file(
    folded: Path, target: Path, graph: Any, reader: "_Reader", settings: QuantiseSettings
) -> None:
    from onnxruntime import quantization

    # onnxruntime prints its progress, which is not ours to show.
    with warnings.catch_warnings(), redirect_stdout(StringIO()):
        # Of histograms of tensors that are always the same value.
        warnings.simplefilter("ignore", RuntimeWarning)
        quantization.quantize_static(
            str(folded),
            str(target),
            reader,
            quant_format=quantization.QuantFormat.QDQ,
            op_types_to_quantize=["Conv"],
            per_channel=settings.per_channel,
            activation_type=quantization.QuantType[TYPES[settings.activations]],
            weight_type=quantization.QuantType.QInt8,
            nodes_to_exclude=float_convolutions(graph, settings.float_levels),
            calibrate_method=quantization.CalibrationMethod[METHODS[settings.method]],
            # One picture at a time: all tensors of all pictures would not fit into memory.
            extra_options={"CalibStridedMinMax": 1},
        )


def _tell_facts(source: Path, entry: ModelEntry, target: Path) -> None:
    """Let the file say what its source said and what the catalogue knows, which comes first."""
    import onnx

    quantised = onnx.load(str(target))
    facts = {fact.key: fact.value for fact in onnx.load(str(source)).metadata_props}
    onnx.helper.set_model_props(quantised, facts | ExportMetadata.of(entry).written())
    onnx.save(quantised, str(target))


class _Reader:
    """Hands out the pictures as onnxruntime's calibration asks for them."""

    def __init__(
        self,
        entry: ModelEntry,
        input_name: str,
        files: Sequence[Path],
        progress: Progress | None,
    ) -> None:
        self._entry = entry
        self._files = files
        self._progress = progress
        self._input = input_name
        self._next, self._end = 0, len(files)

    def __len__(self) -> int:
        return len(self._files)

    def set_range(self, start_index: int, end_index: int) -> None:
        self._next, self._end = start_index, min(end_index, len(self._files))

    def get_next(self) -> dict[str, Floats] | None:
        if self._next >= self._end:
            return None
        image = cv2.imread(str(self._files[self._next]), cv2.IMREAD_COLOR)
        if image is None:
            raise ValueError(f"{self._files[self._next]}: cannot be read as a picture")
        self._next += 1
        if self._progress is not None:
            self._progress(self._next, len(self._files))
        return {self._input: whole_input(self._entry, np.asarray(image, np.uint8))}
