"""One model of the catalogue, as it is written down."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from domain.base import Value
from domain.incident import ModelRef
from domain.place import Id

HeadKind = Literal["yolov8", "yolo-dfl", "yolo26", "yolov5", "rtdetr", "yolox"]
BoxUnit = Literal["pixels", "unit"]
"""Whether a network's boxes count pixels of its input, or 0-1 of it."""
Side = Annotated[int, Field(gt=0, le=8192, multiple_of=32)]
LONGEST_LABEL = 100
"""Characters; class names stand on pictures, in tables and logs."""


def sound_label(label: str) -> str:
    """Raises ValueError for a class name that nobody could read."""
    if not label.strip():
        raise ValueError("expected a name for each class, got an empty one")
    if len(label) > LONGEST_LABEL:
        raise ValueError(f"expected class names of at most {LONGEST_LABEL} signs, got {len(label)}")
    if not label.isprintable():
        raise ValueError("expected class names of visible signs, got one with invisible ones")
    return label


Label = Annotated[str, AfterValidator(sound_label)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
NOT_STATED = "not stated"
FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}\.onnx$")]
"""A bare file name: a catalogue never reaches out of its folder."""


class ModelEntry(Value):
    """What is known of a model: enough to check a file against it and to read its outputs."""

    name: Id
    file: FileName
    sha256: Sha256
    size_bytes: int = Field(gt=0)
    labels: Annotated[tuple[Label, ...], Field(min_length=1)]
    """Class names in the order of the network's outputs."""
    input_wh: tuple[Side, Side]
    head: HeadKind
    boxes: BoxUnit = "pixels"
    licence: str = NOT_STATED
    origin: str = NOT_STATED
    note: str = ""

    @property
    def ref(self) -> ModelRef:
        return ModelRef(name=self.name, sha256=self.sha256)
