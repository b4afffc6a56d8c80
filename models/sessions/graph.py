"""An opened graph, whoever runs it."""

import re
from typing import Literal, Protocol

from pydantic import ValidationError

from domain.base import Value
from models.detections import Floats
from models.detector_settings import Precision, Provider
from models.letterbox import Canvases, InputForm

Shape = tuple[int | None, ...]
"""Sizes of a tensor; None where the graph leaves one open."""


ChosenBy = Literal["set", "measured", "only", "default"]
"""Why it is this way to compute: the settings say it, it was the fastest of those timed on this
machine, it is the only one there is, or nothing could be timed."""


class RunsOn(Value):
    """What really computes, which need not be what was asked for."""

    provider: Provider
    through: str
    """The library that does it, with its version."""
    precision: Precision
    threads: int
    why: str = ""
    """Why it is not what was asked for; empty when it is."""
    chosen_by: ChosenBy = "default"

    def __str__(self) -> str:
        """`openvino bf16, 1 thread (openvino 2026.1, measured)`, and the reason if there is one."""
        way = way_words(self.provider, self.precision, self.threads)
        words = f"{way} ({self.through}, {self.chosen_by})"
        return f"{words}: {self.why}" if self.why else words

    @classmethod
    def read(cls, words: str) -> "RunsOn | None":
        """What `str` says, read back; None if these are other words."""
        found = _SAID.fullmatch(words)
        try:
            return cls.model_validate(found.groupdict(default="")) if found else None
        except ValidationError:
            return None


def way_words(provider: str, precision: str, threads: int) -> str:
    """`openvino bf16, 1 thread`."""
    return f"{provider} {precision}, {threads} thread{'' if threads == 1 else 's'}"


_SAID = re.compile(
    r"(?P<provider>\w+) (?P<precision>\w+), (?P<threads>\d+) threads? "
    r"\((?P<through>[^()]*), (?P<chosen_by>\w+)\)(?:: (?P<why>.*))?",
    re.DOTALL,
)


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
