"""Where the program claims what only one of its processes may do."""

from collections.abc import Iterator
from contextlib import contextmanager

from patrol.claims import Claim
from settings.config import Configuration


@contextmanager
def up_claim(configuration: Configuration) -> Iterator[None]:
    """For `patrol up`: it alone, and neither a center nor this worker beside it. What is left of
    an earlier one that was killed is waited for. Raises AlreadyRunning."""
    with Claim(configuration.data_dir / "up.lock", "patrol up"):
        with center_claim(configuration), worker_claim(configuration):
            pass
        yield


def center_claim(configuration: Configuration) -> Claim:
    """For a center: its data directory. Raises AlreadyRunning."""
    return Claim(configuration.data_dir / "center.lock", "a center")


def worker_claim(configuration: Configuration) -> Claim:
    """For a worker: its id in its data directory. Raises AlreadyRunning."""
    return Claim(configuration.worker_dir / "worker.lock", f"the worker {configuration.worker.id}")
