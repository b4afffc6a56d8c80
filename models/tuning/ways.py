"""Ways to compute: which there are on a machine, and which of those that were timed is taken."""

from collections.abc import Collection, Iterator, Sequence
from typing import Annotated

from pydantic import Field

from domain.base import Detail, Value
from domain.place import Id
from models.catalogue.catalog import Catalog
from models.detector_settings import DetectorSettings, Precision, Provider
from models.sessions.graph import way_words
from models.tuning.machine import Machine

SCORES_WITHIN = 0.1
"""A way is left out whose scores are further than this from the reference. bf16 of patrol-n's kind
moves single ones by 0.09 at most and loses nothing on 64 labelled pictures (docs/models.md)."""
GAINS_AT_LEAST = 0.05
"""A way has to be so much faster than one before it to be taken in its place: less is chance."""
MORE_THREADS_COST = 1.2
"""Several threads have to be so many times as fast as one: lookers run beside each other, and have
too many then."""
WORTH_MORE_THREADS = 1.25
"""More threads are tried of ways that on one took up to so many times as long as the best."""
EIGHT_BITS = "-int8"
"""What the name of a model ends with that is another one in 8 bits (`patrol models quantise`)."""


class Way(Value):
    """One way to compute a model."""

    model: Id
    provider: Provider
    precision: Precision
    threads: int = Field(ge=1, le=256)

    def __str__(self) -> str:
        words = way_words(self.provider, self.precision, self.threads)
        return f"{words}, {self.model}" if self.model.endswith(EIGHT_BITS) else words

    def applied(self, asked: DetectorSettings) -> DetectorSettings:
        """The settings with this way in place of what they leave open."""
        return asked.model_copy(update=self.model_dump())


class Tried(Value):
    """What came of trying a way."""

    way: Way
    ms: float | None = Field(default=None, gt=0, le=1e7)
    """Milliseconds for each picture while all cores are at work: the machine's, not a run's."""
    furthest: float | None = Field(default=None, ge=0, le=1)
    """How far a score is from the reference at most."""
    why_not: Annotated[Detail, Field(max_length=2_000)] = ""
    """Why it cannot be taken; empty if it can."""

    @property
    def can_be_taken(self) -> bool:
        return self.ms is not None and not self.why_not


def first_ways(
    asked: DetectorSettings, machine: Machine, providers: Collection[Provider], names: Sequence[str]
) -> list[Way]:
    """Each way that the settings leave open, on the threads they say, else on one.

    The surest come first, the reference before all. `names` are the model asked for, and the same
    in 8 bits if there is one.
    """
    return [
        Way(model=name, provider=provider, precision=precision, threads=asked.threads or 1)
        for name in (names if asked.precision == "auto" else names[:1])
        for provider in _providers(asked, providers)
        for precision in _precisions(asked, machine, provider, in_8_bits=name != names[0])
    ]


def more_threads(asked: DetectorSettings, machine: Machine, tried: Sequence[Tried]) -> list[Way]:
    """The promising ones of those that were tried, on more threads."""
    good = [(one.ms, one.way) for one in tried if one.ms is not None and one.can_be_taken]
    if asked.threads is not None or not good:
        return []
    limit_ms = WORTH_MORE_THREADS * min(ms for ms, _ in good)
    return [
        way.model_copy(update={"threads": threads})
        for ms, way in good
        for threads in _thread_counts(machine.cores)
        if ms <= limit_ms
    ]


def fastest(tried: Sequence[Tried]) -> Tried | None:
    """The fastest that can be taken; of those that are about as fast the first."""
    good = [(_counted(one), one) for one in tried if one.can_be_taken]
    if not good:
        return None
    best_ms = min(ms for ms, _ in good)
    return next(one for ms, one in good if ms * (1 - GAINS_AT_LEAST) <= best_ms)


def _counted(tried: Tried) -> float:
    assert tried.ms is not None
    return tried.ms * (MORE_THREADS_COST if tried.way.threads > 1 else 1)


def names_of(catalog: Catalog, model: str) -> list[str]:
    """The model, and the same in 8 bits if somebody has made that. Raises ModelMissing."""
    entry = catalog.get(model)
    alike = ("head", "labels", "input_wh", "boxes")
    eight = [
        other.name
        for other in catalog.entries()
        if other.name == model + EIGHT_BITS
        and all(getattr(other, each) == getattr(entry, each) for each in alike)
    ]
    return [model, *eight]


def _providers(asked: DetectorSettings, here: Collection[Provider]) -> list[Provider]:
    """Those of the processor; a card is never taken unasked, and nothing of it is to be chosen."""
    processor: tuple[Provider, ...] = ("cpu", "openvino")
    return [one for one in processor if one in here and asked.provider in ("auto", one)]


def _precisions(
    asked: DetectorSettings, machine: Machine, provider: Provider, *, in_8_bits: bool
) -> Iterator[Precision]:
    """onnxruntime computes as the file says, openvino in what it is told."""
    if asked.precision in ("auto", "fp32"):
        yield "fp32"
    if provider == "openvino" and not in_8_bits:
        for precision in ("bf16", "fp16"):
            made_for_it = precision in machine.precisions
            if asked.precision == precision or (asked.precision == "auto" and made_for_it):
                yield precision


def _thread_counts(cores: int) -> list[int]:
    """2, 4, 8 … and all."""
    doubled = [2**power for power in range(1, cores.bit_length()) if 2**power < cores]
    return [*doubled, min(cores, 256)] if cores > 1 else []
