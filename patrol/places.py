"""Where the program claims what only one of its processes may do."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from patrol.claims import Claim
from settings.config import Configuration
from settings.slices import CenterTown, WorkerShare


@contextmanager
def up_claim(configuration: Configuration) -> Iterator[None]:
    """For `patrol up`: it alone, and neither a center nor one of its workers beside it. What is
    left of an earlier one that was killed is waited for. Raises AlreadyRunning."""
    with Claim(configuration.data_dir / "up.lock", "patrol up"):
        with ExitStack() as others:
            others.enter_context(center_claim(configuration.center))
            for worker_id in configuration.worker_ids:
                others.enter_context(worker_claim(configuration.share(worker_id)))
        yield


def center_claim(town: CenterTown) -> Claim:
    """For a center: its data directory. Raises AlreadyRunning."""
    return Claim(town.data_dir / "center.lock", "a center")


def worker_claim(share: WorkerShare) -> Claim:
    """For a worker: its id in its data directory. Raises AlreadyRunning."""
    return Claim(share.dir / "worker.lock", f"the worker {share.id}")
