"""How long a picture takes while all cores are at work."""

import threading
from collections.abc import Callable

TIMED_S = 0.4
"""So long the runs that count go on, and at least `RUNS` times."""
RUNS = 3

Timer = Callable[[], float]
"""Tells seconds."""


def ms_each(
    run: Callable[[], object], callers: int, timer: Timer, *, timed_s: float = TIMED_S
) -> float:
    """Milliseconds for each picture when so many threads `run` one each, again and again.

    It is the machine's time, not a run's: two runs side by side of 60 ms are 30 ms each. A quarter
    of the runs are shorter than the one that counts: what comes between only lengthens them.
    """
    together = threading.Barrier(callers)
    seconds: list[float] = []
    failed: list[Exception] = []

    def call() -> None:
        try:
            run()  # whatever is made for each caller is made now
            together.wait()
            seconds.extend(_timed(run, timer, timed_s))
        except Exception as error:
            failed.append(error)
            together.abort()

    threads = [threading.Thread(target=call, daemon=True) for _ in range(callers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise next(one for one in failed if not isinstance(one, threading.BrokenBarrierError))
    return 1000 * sorted(seconds)[len(seconds) // 4] / callers


def _timed(run: Callable[[], object], timer: Timer, timed_s: float) -> list[float]:
    """The seconds of each run."""
    seconds: list[float] = []
    begun = last = timer()
    while len(seconds) < RUNS or last - begun < timed_s:
        run()
        now = timer()
        seconds.append(now - last)
        last = now
    return seconds
