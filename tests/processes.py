"""Other processes, as the system sees them."""

import psutil


def alive(pid: int) -> bool:
    """Whether a process runs. One that nobody waits for stays in the table, dead."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def children_of(pid: int) -> list[int]:
    return [child.pid for child in psutil.Process(pid).children()]


def command_of(pid: int) -> list[str]:
    """The words that it was started with."""
    return psutil.Process(pid).cmdline()
