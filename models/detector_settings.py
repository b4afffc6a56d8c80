"""How the detector is run."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from domain.base import Settings

Provider = Literal["cpu", "openvino", "cuda", "tensorrt"]
AskedProvider = Literal["auto", "cpu", "openvino", "cuda", "tensorrt"]
Precision = Literal["fp32", "bf16", "fp16", "auto"]


class RunSettings(Settings):
    """What a graph is run on, and how exactly."""

    threads: int = Field(default=1, ge=1, le=256)
    """Threads one run of the graph may use."""
    provider: AskedProvider = "auto"
    """What computes: cpu (onnxruntime), openvino, cuda or tensorrt. One that this machine lacks is
    replaced by the next best, and that is said aloud. auto takes openvino where its package is
    installed, else cpu; never a card, which is asked for by name."""
    precision: Precision = "auto"
    """How exactly it computes: fp32 gives the same scores everywhere; bf16 (openvino) and fp16
    (tensorrt) are faster on processors made for them; auto leaves it to the provider: fp32 on cpu,
    bf16 by openvino where the processor is made for it."""
    device_id: int = Field(default=0, ge=0)
    """Which graphics card, for cuda and tensorrt."""
    engines_dir: Path | None = None
    """Where tensorrt keeps the engines it built; null: `engines` in the data directory."""


EXACT = RunSettings(provider="cpu", precision="fp32")
"""onnxruntime on the processor: the reference that everything else is compared with."""


class DetectorSettings(RunSettings):
    """Which model looks, how fast, and what it may leave out."""

    model: str = Field(default="patrol-n", min_length=1)
    """A name of the catalogue; `patrol models list` shows them."""
    confidence: float = Field(default=0.12, ge=0, le=1)
    """The floor: less sure boxes are dropped at once. Rules ask for more, never for less; the fire
    rule's second looks begin here (default 0.12)."""
    iou: float = Field(default=0.7, ge=0, le=1)
    """Of two boxes of one class that overlap more than this, the less sure one is dropped."""
    labels: tuple[str, ...] = ()
    """Decode only these classes; empty means all that the model knows."""
    max_batch: int = Field(default=8, ge=1, le=256)
    """Pictures given to the graph in one call at most; bounds the memory of a call."""
    max_boxes: int = Field(default=300, ge=1)
    """Boxes kept in one picture at most, the surest first."""
