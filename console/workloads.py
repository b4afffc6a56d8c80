"""Which promises each worker's machine can keep, and what all of them would take: in words, with
what was measured for it."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import timedelta

from cases.cameras import CameraRow
from cases.workloads import WorkerLoad
from console.services import Services
from console.words import WORDS
from domain.base import Text, Utc, Value
from domain.silence import LOOKS_SILENT_AFTER_S
from domain.workload import Workload


class WorkerPromises(Value):
    """What one worker's machine can keep."""

    worker_id: str
    at: Utc
    """Up to when it was measured, by the worker's clock."""
    suffices: bool
    """Whether it can keep all its promises."""
    says: Text
    takes: Text | None
    """What it would take to keep all of them; None where it suffices."""
    measured: Text
    """From what this was reckoned."""
    workload: Workload


def workloads_of(
    services: Services, rows: Sequence[CameraRow] | None = None
) -> tuple[WorkerPromises, ...]:
    """Of each worker that told of it lately, by its id. `rows`: the cameras, if they were read
    already."""
    since = services.now() - timedelta(seconds=LOOKS_SILENT_AFTER_S)
    told = services.book.workloads(since)
    if not told:
        return ()
    rows = services.book.cameras() if rows is None else rows
    return tuple(_in_words(each, _usual_s(each.worker_id, rows)) for each in told)


def _in_words(told: WorkerLoad, usual_s: float | None) -> WorkerPromises:
    load = told.workload
    return WorkerPromises(
        worker_id=told.worker_id,
        at=told.at,
        suffices=load.suffices,
        says=_words(
            "load.keeps_all" if load.suffices else "load.keeps_some",
            n=load.promises, can=load.can_keep, kept=load.kept,
        ),
        takes=None if load.suffices else _takes(load, usual_s),
        measured=_measured(load),
        workload=load,
    )  # fmt: skip


def _takes(load: Workload, usual_s: float | None) -> Text:
    """Cores or threads, whichever are short; or longer intervals."""
    if load.wants_lookers:
        more = _words("load.lookers", lookers=load.lookers, idle=_cores(load.idle_cores))
    else:
        more = _words("load.cores", n=_cores(_up(load.more_cores)))
    if load.stretch is None:
        return _words("load.takes", more=more)
    times = _up(load.stretch)
    longer = _words("load.longer", times=f"{times:g}")
    if usual_s is not None:
        every = _words("load.every", every=f"{usual_s:g}", longer=f"{_up(usual_s * times):g}")
        longer = Text.of(longer.zh + every.zh, longer.en + every.en)
    return _words("load.takes_or", more=more, longer=longer)


def _measured(load: Workload) -> Text:
    return _words(
        "load.measured",
        s=f"{load.over_s:.0f}",
        looks=load.looks,
        same=load.unchanged,
        ms=f"{load.look_core_s * 1000:.0f}",
        looking=_cores(load.looks_cores),
        reading=_cores(load.reading_cores),
        other=_cores(load.other_cores),
        idle=_cores(load.idle_cores),
        cores=load.cores,
        wanted=_cores(load.wanted_cores),
        have=_cores(load.have_cores),
        lookers=load.lookers,
        busy=f"{load.busy_share:.0%}",
    )


def _words(key: str, **values: object) -> Text:
    """In both languages; a value that is a text itself is put in in each."""

    def told(language: str) -> dict[str, object]:
        return {k: getattr(v, language) if isinstance(v, Text) else v for k, v in values.items()}

    words = WORDS[key]
    return Text.of(words.zh.format(**told("zh")), words.en.format(**told("en")))


def _usual_s(worker_id: str, rows: Iterable[CameraRow]) -> float | None:
    """The promise that most cameras of a worker have."""
    promises_s = Counter(row.info.look_every_s for row in rows if row.worker_id == worker_id)
    return promises_s.most_common(1)[0][0] if promises_s else None


def _cores(cores: float) -> str:
    return f"{cores:.2f}" if cores < 1 else f"{cores:.1f}"


def _up(number: float) -> float:
    """To a tenth more than it is: what is said to be enough has to be."""
    return math.ceil(number * 10 - 1e-6) / 10
