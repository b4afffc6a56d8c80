"""A maintenance case 运维工单: a camera's fault, for those who repair cameras. No alert, and no
case of the town: nobody is sent to the place for it."""

from domain.base import Detail, Utc, Value
from domain.health import FaultKind
from domain.place import Id


class MaintenanceCase(Value):
    """One fault of one camera, from its beginning to its end."""

    id: str
    camera_id: Id
    fault: FaultKind
    detail: Detail = ""
    since: Utc
    """When the fault began, as the camera's worker says."""
    opened_at: Utc
    last_at: Utc
    """The newest report of it."""
    closed_at: Utc | None = None
    """When the camera was whole again; none while the case is open."""
    times: int = 1
    """How often the fault came: one that comes back soon re-opens its case."""
