"""The last words to a bus, which may be gone: nobody waits long for them."""

import threading
from collections.abc import Callable

from domain.errors import BusUnavailable
from domain.masking import mask_secrets

WITHIN_S = 1.0


def say_goodbye(say: Callable[[], object], url: str, within_s: float = WITHIN_S) -> None:
    """Call `say`, which talks to the bus at `url` (masked here). What takes longer is left to
    itself: to look up the name of a host that is gone takes ten seconds and cannot be cut short.

    Raises:
        BusUnavailable: it was not heard in time, or what `say` raised.
    """
    failed: list[BusUnavailable] = []

    def talk() -> None:
        try:
            say()
        except BusUnavailable as error:
            failed.append(error)

    talking = threading.Thread(target=talk, name="goodbye", daemon=True)
    talking.start()
    talking.join(within_s)
    if talking.is_alive():
        raise BusUnavailable(f"bus={mask_secrets(url)}: no answer to a goodbye in {within_s:g} s")
    if failed:
        raise failed[0]
