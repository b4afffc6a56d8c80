"""Whether a process holds ever more: its memory, descriptors and threads over time."""

from collections.abc import Callable, Sequence
from statistics import median

from domain.base import Value
from lab.bench.processes import Held

MINUTE_S = 60.0
FLAT_MB = 16.0
FLAT_SHARE = 0.02
"""Of its memory: allocators and the rings of cameras breathe this much."""
FLAT_COUNT = 6
"""Descriptors or threads: connections are made and closed all the time."""
_PARTS = 3


class HeldThen(Value):
    """What a process and its children held, the median over some time."""

    at_s: float
    """The middle of that time, since the measurement began."""
    rss_mb: float
    descriptors: int
    threads: int


class Steadiness(Value):
    """The course of a measurement. What it begins with (buffers that fill, models that warm up) is
    not judged: the last third is compared with the one before it."""

    minutes: tuple[HeldThen, ...]
    thirds: tuple[HeldThen, ...]
    memory: str
    descriptors: str
    threads: str
    is_flat: bool


def steadiness(samples: Sequence[tuple[float, Held]]) -> Steadiness | None:
    """Of what was held at moments (seconds since the beginning, in order); None if there are too
    few to be told apart."""
    if len(samples) < _PARTS:
        return None
    lasted_s = samples[-1][0]
    minutes = max(round(lasted_s / MINUTE_S), 1)
    thirds = _spans(samples, lasted_s, _PARTS)
    if len(thirds) < _PARTS:
        return None
    before, after = thirds[1], thirds[2]
    grown_mb = after.rss_mb - before.rss_mb
    limit_mb = max(FLAT_MB, FLAT_SHARE * before.rss_mb)
    in_min = f"in {(after.at_s - before.at_s) / MINUTE_S:.1f} min"
    judged = {
        "memory": (grown_mb <= limit_mb, f"{grown_mb:+.1f} MB {in_min}"),
        **{
            name: (
                (more := getattr(after, name) - getattr(before, name)) <= FLAT_COUNT,
                f"{more:+d} {in_min}",
            )
            for name in ("descriptors", "threads")
        },
    }
    words = {name: f"{'flat' if flat else 'grows'} ({by})" for name, (flat, by) in judged.items()}
    return Steadiness(
        minutes=_spans(samples, lasted_s, minutes),
        thirds=thirds,
        is_flat=all(flat for flat, _ in judged.values()),
        **words,
    )


def _spans(
    samples: Sequence[tuple[float, Held]], lasted_s: float, parts: int
) -> tuple[HeldThen, ...]:
    """The medians of so many equal spans; those without a sample are left out."""
    length_s = lasted_s / parts
    spans = []
    for number in range(parts):
        ends_s = lasted_s if number == parts - 1 else (number + 1) * length_s
        of = [held for at_s, held in samples if number * length_s <= at_s <= ends_s]
        if of:
            spans.append(_median(of, (number + 0.5) * length_s))
    return tuple(spans)


def _median(of: Sequence[Held], at_s: float) -> HeldThen:
    def middle(what: Callable[[Held], float]) -> float:
        return median(map(what, of))

    return HeldThen(
        at_s=round(at_s, 1),
        rss_mb=round(middle(lambda held: held.rss_mb), 1),
        descriptors=round(middle(lambda held: held.descriptors)),
        threads=round(middle(lambda held: held.threads)),
    )
