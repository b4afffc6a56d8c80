"""Maintenance cases over HTTP."""

from collections.abc import Sequence

from fastapi import APIRouter

from console.services import Here
from domain.maintenance import MaintenanceCase

router = APIRouter(prefix="/maintenance", tags=["cameras"])


@router.get("", summary="Faults of cameras that are open, or were lately")
def list_maintenance(services: Here) -> Sequence[MaintenanceCase]:
    return services.book.maintenance()
