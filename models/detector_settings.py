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

    threads: int | None = Field(default=None, ge=1, le=256)
    """Threads one run of the graph may use. null takes what was measured to be fastest on this
    machine; 1 where nothing was measured."""
    provider: AskedProvider = "auto"
    """What computes: cpu (onnxruntime), openvino, cuda or tensorrt. One that this machine lacks is
    replaced by the next best, and that is said aloud. auto takes what was measured to be fastest on
    this machine (`patrol tune`); where nothing was measured, openvino if its package is installed,
    else cpu; never a card, which is asked for by name."""
    precision: Precision = "auto"
    """How exactly it computes: fp32 gives the same scores everywhere; bf16 (openvino) and fp16
    (tensorrt) are faster on processors made for them; auto takes what was measured, of what the
    processor is made for; where nothing was measured, fp32 on cpu, and by openvino what that takes
    by itself."""
    device_id: int = Field(default=0, ge=0)
    """Which graphics card, for cuda and tensorrt."""
    engines_dir: Path | None = None
    """Where tensorrt keeps the engines it built; null: `engines` in the data directory."""

    @property
    def run_threads(self) -> int:
        """The threads of one run, whether they were said or not."""
        return self.threads or 1


EXACT = RunSettings(provider="cpu", precision="fp32", threads=1)
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
