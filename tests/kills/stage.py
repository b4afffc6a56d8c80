"""A stage on which towns are killed: a process that has everything imported, and forks.

usage: python -m tests.kills.stage FOLDER    reads a line of JSON for each life of a town:
       {"place": …, "kill": [PLACE, NTH] | null, "kill_after_s": S | null}
and answers with one: how the life ended, and which places it passed.
"""

import json
import os
import signal
import sys
import threading
import time
import traceback
from collections import Counter
from pathlib import Path
from typing import Any

from domain import checkpoint
from streams.packet import Packet
from tests.kills.town import Place, live, make_packets


def main() -> None:
    packets = make_packets(Path(sys.argv[1]))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        order = json.loads(line)
        sys.stdout.write(json.dumps(_one_life(order, packets)) + "\n")
        sys.stdout.flush()


def _one_life(order: dict[str, Any], packets: list[Packet]) -> dict[str, Any]:
    """Fork, live, and die if it is wanted; how it ended."""
    began_s = time.monotonic()
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        _live(order, packets, writing)
    os.close(writing)
    if (after_s := order.get("kill_after_s")) is not None:
        killing = threading.Timer(after_s, _kill, (pid,))
        killing.start()
    with os.fdopen(reading) as told:
        passed = told.read().split()
    _, status = os.waitpid(pid, 0)
    if after_s is not None:
        killing.cancel()
    return {
        "killed": os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL,
        "code": os.waitstatus_to_exitcode(status),
        "passed": passed,
        "took_s": time.monotonic() - began_s,
    }


def _live(order: dict[str, Any], packets: list[Packet], writing: int) -> None:
    """Never returns."""
    os.dup2(2, 1)
    wanted = tuple(order["kill"]) if order.get("kill") else None
    counts: Counter[str] = Counter()
    lock = threading.Lock()

    def watcher(place: str) -> None:
        with lock:
            counts[place] += 1
            os.write(writing, f"{place}\n".encode())
            if (place, counts[place]) == wanted:
                os.kill(os.getpid(), signal.SIGKILL)

    checkpoint.watch(watcher)
    try:
        live(Place.model_validate(order["place"]), packets)
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


if __name__ == "__main__":
    main()
