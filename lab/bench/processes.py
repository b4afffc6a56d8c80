"""What processes cost, from Linux's own books."""

import os
from dataclasses import dataclass
from pathlib import Path

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_MEBIBYTE = 1024 * 1024
_PROC = Path("/proc")


@dataclass(frozen=True)
class Cost:
    """Processor time and memory of a process with all its children."""

    cpu_s: float
    rss_mb: float


def cost_of(pid: int) -> Cost:
    """What a process and its living children have used; nothing if it is gone."""
    family = [pid, *_children(pid)]
    stats = [stat for stat in map(_stat, family) if stat is not None]
    return Cost(sum(cpu for cpu, _ in stats), sum(rss for _, rss in stats))


@dataclass(frozen=True)
class Held:
    """What a process with all its children holds at one moment."""

    rss_mb: float
    descriptors: int
    threads: int


def held_by(pid: int) -> Held:
    """What a process and its living children hold; nothing if it is gone."""
    family = [pid, *_children(pid)]
    return Held(
        rss_mb=cost_of(pid).rss_mb,
        descriptors=sum(_entries(one, "fd") for one in family),
        threads=sum(_entries(one, "task") for one in family),
    )


def _entries(pid: int, folder: str) -> int:
    try:
        return len(os.listdir(_PROC / str(pid) / folder))
    except OSError:
        return 0


def child_named(name: str) -> int | None:
    """The child of this process that runs the program `name`; None if there is none."""
    for pid in _children(os.getpid()):
        try:
            running = (_PROC / str(pid) / "comm").read_text().strip()
        except OSError:
            continue
        if name.startswith(running):
            return pid
    return None


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for task in (_PROC / str(pid) / "task").glob("*/children"):
        try:
            direct = [int(child) for child in task.read_text().split()]
        except OSError:
            continue
        for child in direct:
            found += [child, *_children(child)]
    return found


def _stat(pid: int) -> tuple[float, float] | None:
    """CPU seconds and resident MB of one process (proc_pid_stat(5): fields 14, 15 and 24)."""
    try:
        fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    ticks, pages = int(fields[11]) + int(fields[12]), int(fields[21])
    return ticks / _TICKS_PER_S, pages * os.sysconf("SC_PAGE_SIZE") / _MEBIBYTE
