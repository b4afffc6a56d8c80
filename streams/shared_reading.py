"""One thread that reads many cameras in turns.

A hundred threads that each wake four times a second for a few packets spend more on waking, and on
waiting for the interpreter, than on the packets. Cameras are still connected, and waited for after
a failure, by threads of their own: here is led only what never waits.
"""

import threading
import time
from collections.abc import Callable, Iterator

TICK_S = 0.05
"""Whoever is due is led on this often; all at once, so that the thread sleeps in between."""
IDLE_TICK_S = 0.5


class _Led:
    """One camera's reading, from one rest to the next."""

    def __init__(self, turns: Iterator[None], every_s: float) -> None:
        self._turns = turns
        self._every_s = every_s
        self.due_s = 0.0
        self.ended = threading.Event()
        self.error: BaseException | None = None

    def lead_on(self) -> bool:
        """Until its next rest; false once it has ended, by itself or by an error."""
        try:
            next(self._turns)
        except StopIteration:
            pass
        except BaseException as error:  # it is the camera's own thread that knows what to do
            self.error = error
        else:
            self.due_s = time.monotonic() + self._every_s
            return True
        self.ended.set()
        return False


class SharedReading(threading.Thread):
    """Leads the readings of many cameras. One that fails ends alone; one that takes long delays
    the others, so each must rest after a bounded amount of work."""

    def __init__(self) -> None:
        super().__init__(name="reading", daemon=True)
        self.on_turn: Callable[[], None] = lambda: None
        """Called after each round."""
        self._lock = threading.Lock()
        self._led: list[_Led] = []
        self._stopping = threading.Event()

    def lead(self, turns: Iterator[None], every_s: float) -> None:
        """Have `turns` led on every `every_s` seconds, and return when they end.

        Raises:
            BaseException: whatever ended them.
        """
        led = _Led(turns, every_s)
        with self._lock:
            if self._stopping.is_set():
                return
            self._led.append(led)
        led.ended.wait()
        if led.error is not None:
            raise led.error

    def run(self) -> None:
        while not self._stopping.is_set():
            with self._lock:
                led, now_s = tuple(self._led), time.monotonic()
            ended = [one for one in led if one.due_s <= now_s and not one.lead_on()]
            if ended:
                with self._lock:
                    self._led = [one for one in self._led if one not in ended]
            self.on_turn()
            time.sleep(TICK_S if led else IDLE_TICK_S)  # an event costs twenty times as much

    def stop(self, timeout_s: float = 1.0) -> None:
        """End; what is still led is left where it is, and whoever waits for it is let go."""
        with self._lock:
            self._stopping.set()
            left = tuple(self._led)
        for one in left:
            one.ended.set()
        if self.is_alive():
            self.join(timeout_s)
