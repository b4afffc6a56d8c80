"""What the worker's threads and its machine did with their cores, as the system counts it."""

import threading
from dataclasses import dataclass

import psutil

LOOKERS, READING, CAMERAS = "looker", "reading", "camera-"
"""What the threads that look, and those that read, are called."""


@dataclass(frozen=True, slots=True)
class CpuTimes:
    """Core-seconds since each of them began; only differences mean anything."""

    looks_s: float
    """Of the threads that look, and of those that libraries made for them to compute with."""
    reading_s: float
    """Of the threads that read cameras."""
    worker_s: float
    """Of the whole process."""
    idle_s: float
    """In which no program used a core of the machine."""


def cpu_times() -> CpuTimes:
    """As it is now. Threads that Python does not know are those of the detector."""
    names = {thread.native_id: thread.name for thread in threading.enumerate()}
    process, machine = psutil.Process(), psutil.cpu_times()
    looks_s = reading_s = 0.0
    for thread in process.threads():
        name, used_s = names.get(thread.id), thread.user_time + thread.system_time
        if name is None or name == LOOKERS:
            looks_s += used_s
        elif name == READING or name.startswith(CAMERAS):
            reading_s += used_s
    used = process.cpu_times()
    idle_s = machine.idle + getattr(machine, "iowait", 0.0)
    return CpuTimes(looks_s, reading_s, used.user + used.system, idle_s)
