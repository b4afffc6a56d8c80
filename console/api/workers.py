"""The workers over HTTP: which promises their machines can keep."""

from collections.abc import Sequence

from fastapi import APIRouter

from console.services import Here
from console.workloads import WorkerPromises, workloads_of

router = APIRouter(prefix="/workers", tags=["cameras"])


@router.get("", summary="Which promises each worker's machine can keep, as it measured")
def list_workers(services: Here) -> Sequence[WorkerPromises]:
    """Of each worker that told of its looks within the last half minute. What is reckoned is
    reckoned from `workload`, which the worker measured itself within `over_s` seconds."""
    return workloads_of(services)
