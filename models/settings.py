"""How the detector is run."""

from typing import Literal

from pydantic import Field

from domain.base import Settings

Provider = Literal["cpu"]


class DetectorSettings(Settings):
    """Which model looks, how fast, and what it may leave out."""

    model: str = Field(default="yolo11n-coco-640", min_length=1)
    """A name of the catalogue; `patrol models list` shows them."""
    threads: int = Field(default=1, ge=1, le=256)
    """Threads one run of the graph may use."""
    confidence: float = Field(default=0.25, ge=0, le=1)
    """The floor: less sure boxes are dropped at once. Rules ask for more, never for less."""
    iou: float = Field(default=0.7, ge=0, le=1)
    """Of two boxes of one class that overlap more than this, the less sure one is dropped."""
    labels: tuple[str, ...] = ()
    """Decode only these classes; empty means all that the model knows."""
    provider: Provider = "cpu"
    """The onnxruntime execution provider."""
    max_batch: int = Field(default=8, ge=1, le=256)
    """Pictures given to the graph in one call at most; bounds the memory of a call."""
    max_boxes: int = Field(default=300, ge=1)
    """Boxes kept in one picture at most, the surest first."""
