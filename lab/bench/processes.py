"""What processes cost and hold, each with its children."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

import psutil

_MEBIBYTE = 1024 * 1024
_Number = TypeVar("_Number", int, float)


@dataclass(frozen=True)
class Cost:
    """Processor time and memory of a process with all its children."""

    cpu_s: float
    rss_mb: float


def cost_of(pid: int) -> Cost:
    """What a process and its living children have used; nothing if it is gone."""
    family = _family(pid)
    return Cost(cpu_s=sum(_each(family, _cpu_s)), rss_mb=sum(_each(family, _rss_mb)))


@dataclass(frozen=True)
class Held:
    """What a process with all its children holds at one moment."""

    rss_mb: float
    descriptors: int
    threads: int


def held_by(pid: int) -> Held:
    """What a process and its living children hold; nothing if it is gone."""
    family = _family(pid)
    return Held(
        rss_mb=sum(_each(family, _rss_mb)),
        descriptors=sum(_each(family, psutil.Process.num_fds)),
        threads=sum(_each(family, psutil.Process.num_threads)),
    )


def child_named(name: str) -> int | None:
    """The child of this process that runs the program `name`; None if there is none."""
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            if child.name() == name:
                return int(child.pid)
    return None


def _family(pid: int) -> list[psutil.Process]:
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _each(
    family: Sequence[psutil.Process], ask: Callable[[psutil.Process], _Number]
) -> Iterator[_Number]:
    """What each tells, without those that ended meanwhile."""
    for process in family:
        with suppress(psutil.Error):
            yield ask(process)


def _cpu_s(process: psutil.Process) -> float:
    used = process.cpu_times()
    return used.user + used.system


def _rss_mb(process: psutil.Process) -> float:
    return process.memory_info().rss / _MEBIBYTE
