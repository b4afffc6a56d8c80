"""The tables of the places: sites, cameras, who holds them, what was seen of them and what not."""

from datetime import datetime

from sqlalchemy import (
    Index,
    PrimaryKeyConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from cases.columns import Document
from cases.table_base import ID, LONG_ID, Base
from domain.health import CameraHealth, CameraLooks, FaultKind
from domain.held_back import HeldBackReason
from domain.place import CameraInfo, GridPlan, Site
from domain.workload import Workload


class SiteRow(Base):
    __tablename__ = "sites"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    installed: Mapped[bool]
    document: Mapped[Site] = mapped_column(Document(Site))


class CameraTableRow(Base):
    """A camera, its last health, and the last looks at it (which may come before it is known)."""

    __tablename__ = "cameras"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    installed: Mapped[bool]
    info: Mapped[CameraInfo | None] = mapped_column(Document(CameraInfo))
    health_at: Mapped[datetime | None]
    health: Mapped[CameraHealth | None] = mapped_column(Document(CameraHealth))
    looks_from: Mapped[datetime | None]
    looks_to: Mapped[datetime | None]
    looks: Mapped[CameraLooks | None] = mapped_column(Document(CameraLooks))
    worker_id: Mapped[str | None] = mapped_column(LONG_ID)


class HolderRow(Base):
    """A camera's holder, and those before it: the one of the highest epoch holds it."""

    __tablename__ = "holders"
    __table_args__ = (PrimaryKeyConstraint("camera_id", "epoch"),)

    camera_id: Mapped[str] = mapped_column(ID)
    epoch: Mapped[int]
    worker_id: Mapped[str] = mapped_column(LONG_ID)
    book: Mapped[str] = mapped_column(LONG_ID)
    granted_start: Mapped[int]
    """Which start of the worker's book it was granted to."""
    granted_at: Mapped[datetime]
    start: Mapped[int]
    """The newest start that claimed it, and when, by the worker's clock."""
    claimed_at: Mapped[datetime]


class GapRow(Base):
    __tablename__ = "gaps"
    __table_args__ = (PrimaryKeyConstraint("camera_id", "from_at"),)

    camera_id: Mapped[str] = mapped_column(ID)
    from_at: Mapped[datetime]
    to_at: Mapped[datetime]
    cause: Mapped[FaultKind]
    detail: Mapped[str]


class CoverageRow(Base):
    """What became of the looks promised of a camera in one hour of UTC."""

    __tablename__ = "coverage"
    __table_args__ = (PrimaryKeyConstraint("camera_id", "hour"), Index("ix_coverage_hour", "hour"))

    camera_id: Mapped[str] = mapped_column(ID)
    hour: Mapped[datetime]
    looks: Mapped[int]
    longest_interval_s: Mapped[float | None]
    missed: Mapped[dict[str, int]] = mapped_column(Document(dict[str, int]))
    clock_set_s: Mapped[float] = mapped_column(server_default="0")
    """The largest step of the worker's clock in this hour, forward or back."""


class LooksPageRow(Base):
    """A page of a worker's looks that was added to its hour, so that it is not added again."""

    __tablename__ = "looks_pages"
    __table_args__ = (PrimaryKeyConstraint("worker_id", "to_at"),)

    worker_id: Mapped[str] = mapped_column(LONG_ID)
    to_at: Mapped[datetime]
    taken_at: Mapped[datetime]
    """When the center took it, by its own clock."""


class WorkloadRow(Base):
    """The last workload that a worker measured."""

    __tablename__ = "workloads"

    worker_id: Mapped[str] = mapped_column(LONG_ID, primary_key=True)
    to_at: Mapped[datetime]
    """Up to when it was measured, by the worker's clock."""
    taken_at: Mapped[datetime]
    """When the center took it, by its own."""
    workload: Mapped[Workload] = mapped_column(Document(Workload))


class HeldBackRow(Base):
    """A span in which a rule held findings back. Never changed: filtering can be audited."""

    __tablename__ = "held_back"
    __table_args__ = (
        PrimaryKeyConstraint("camera_id", "rule_id", "zone_id", "reason", "from_at"),
        Index("ix_held_back_to_at", "to_at"),
    )

    camera_id: Mapped[str] = mapped_column(ID)
    rule_id: Mapped[str] = mapped_column(ID)
    zone_id: Mapped[str] = mapped_column(ID)
    reason: Mapped[HeldBackReason]
    from_at: Mapped[datetime]
    to_at: Mapped[datetime]
    looks: Mapped[int]


class MaintenanceRow(Base):
    """A camera's fault, for those who repair cameras."""

    __tablename__ = "maintenance"
    __table_args__ = (
        Index("ix_maintenance_camera_id", "camera_id", "closed_at"),
        Index("ix_maintenance_closed_at", "closed_at"),
    )

    id: Mapped[str] = mapped_column(LONG_ID, primary_key=True)
    camera_id: Mapped[str] = mapped_column(ID)
    fault: Mapped[FaultKind]
    detail: Mapped[str]
    since: Mapped[datetime]
    opened_at: Mapped[datetime]
    last_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    times: Mapped[int]


class PlanRow(Base):
    """A grid plan. Its content never changes; `installed_order` grows when it is put in use."""

    __tablename__ = "grid_plans"

    version: Mapped[str] = mapped_column(ID, primary_key=True)
    valid_from: Mapped[datetime]
    installed_order: Mapped[int]
    document: Mapped[GridPlan] = mapped_column(Document(GridPlan))
