"""An opened graph, whoever runs it."""

from typing import Protocol

from domain.base import Value
from models.detections import Floats
from models.detector_settings import Precision, Provider
from models.letterbox import Canvases, InputForm

Shape = tuple[int | None, ...]
"""Sizes of a tensor; None where the graph leaves one open."""


class RunsOn(Value):
    """What really computes, which need not be what was asked for."""

    provider: Provider
    through: str
    """The library that does it, with its version."""
    precision: Precision
    threads: int
    why: str = ""
    """Why it is not what was asked for; empty when it is."""

    def __str__(self) -> str:
        """`openvino bf16, 1 thread`, and the reason if there is one."""
        threads = "1 thread" if self.threads == 1 else f"{self.threads} threads"
        words = f"{self.provider} {self.precision}, {threads} ({self.through})"
        return f"{words}: {self.why}" if self.why else words


class Graph(Protocol):
    """One picture input, one output. Safe to use from several threads."""

    input_shape: Shape
    metadata: dict[str, str]
    """What the file says of itself."""
    runs_on: RunsOn
    gains_by_batches: bool
    """Whether several pictures at once take less time than one after the other."""
    takes_other_sizes: bool
    """Whether pictures may have another size than the file says, as far as its nodes allow."""

    def run(self, pictures: Floats) -> Floats:
        """Run pictures (n, 3, h, w) float32; returns the output (n, …) float32."""
        ...

    def see(self, canvases: Canvases, form: InputForm) -> Floats:
        """Run pictures (n, h, w, 3) uint8 BGR, which the network takes in that form; returns the
        output (n, …) float32."""
        ...
