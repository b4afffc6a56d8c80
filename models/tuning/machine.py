"""The machine that computes, as far as the choice of a way depends on it."""

import math
import os
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import Field

from domain.base import Value
from models.sessions.runtime import versions

CPU_INFO = Path("/proc/cpuinfo")
CPU_QUOTA = Path("/sys/fs/cgroup/cpu.max")
"""Microseconds of processor time in so many of the clock; `max` where nobody bounds them."""
TELLING = "avx", "amx", "fma", "f16c", "sse4", "asimd", "sve", "bf16", "i8mm"
"""What the names of those instructions begin with that a network is computed by."""
FASTER: Mapping[str, frozenset[str]] = {
    "bf16": frozenset({"avx512_bf16", "amx_bf16", "bf16"}),
    "fp16": frozenset({"avx512_fp16", "amx_fp16", "asimdhp"}),
}
"""Precisions below fp32, and the instructions of which one makes a processor fast at it."""

Word = Annotated[str, Field(max_length=200)]


class Machine(Value):
    """What computes here, and with which libraries."""

    processor: Word
    """Its name as the system tells it."""
    flags: Annotated[tuple[Word, ...], Field(max_length=200)]
    """The instructions that networks are computed by, in their order."""
    cores: int = Field(ge=1)
    """Those that this process may use."""
    versions: Annotated[dict[Word, Word], Field(max_length=20)]
    """Each library that could run a graph, with its version."""

    @property
    def precisions(self) -> tuple[str, ...]:
        """Those below fp32 that this processor is made for."""
        return tuple(name for name, needed in FASTER.items() if needed & set(self.flags))


def this_machine(*, cpu_info: Path = CPU_INFO, cpu_quota: Path = CPU_QUOTA) -> Machine:
    """The machine as this process sees it; in a container that is what it was given."""
    return Machine(
        processor=processor_name(cpu_info)[:200],
        flags=flags_here(cpu_info),
        cores=cores_here(cpu_quota),
        versions=versions(),
    )


def processor_name(cpu_info: Path = CPU_INFO) -> str:
    """The processor's name as the system tells it."""
    return _said(cpu_info).get("model name", "") or platform.processor() or platform.machine()


def flags_here(cpu_info: Path = CPU_INFO) -> tuple[str, ...]:
    """The instructions of the processor that networks are computed by, by name."""
    said = _said(cpu_info)
    flags = f"{said.get('flags', '')} {said.get('Features', '')}".split()
    return tuple(sorted({flag for flag in flags if flag.startswith(TELLING)}))


def _said(cpu_info: Path) -> dict[str, str]:
    """What is said of the first processor; nothing where there is no such file."""
    try:
        text = cpu_info.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    first = text.strip().partition("\n\n")[0]
    rows = (line.partition(":") for line in first.splitlines())
    return {name.strip(): words.strip() for name, _, words in rows}


def cores_here(cpu_quota: Path = CPU_QUOTA) -> int:
    """Those that this process may run on, or fewer where its time is bounded."""
    cores = len(os.sched_getaffinity(0))
    try:
        quota, period = cpu_quota.read_text(encoding="ascii").split()
        return max(1, min(cores, math.ceil(int(quota) / int(period))))
    except (OSError, ValueError, ZeroDivisionError):
        return cores
