"""Which grids a place lies in, and the plans of grids that were ever in use.

Each level is looked up by its own polygons: level-1 grids cross the borders of level-2 ones, so
a parent says nothing about where a place is.
"""

from collections.abc import Iterable
from datetime import datetime
from operator import attrgetter
from threading import Lock

from cachetools import LRUCache, cachedmethod
from shapely import STRtree
from shapely.geometry import Point as Spot
from shapely.geometry import Polygon
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cases.database import insert_if_absent
from cases.place_tables import PlanRow
from domain.base import Text
from domain.errors import ConfigurationError
from domain.geometry import Point
from domain.place import Grid, GridLevel, GridPath, GridPlan

NO_PLAN = "none"
"""The plan version of a case that came when no plan was valid."""
ROUTERS_KEPT = 4
"""Plans whose search trees stay in memory."""


class Router:
    """Finds the grids of a place in one plan."""

    def __init__(self, plan: GridPlan) -> None:
        self.plan = plan
        self._levels = {
            level: _Level(g for g in plan.grids if g.level is level) for level in LEVELS
        }
        self._grids = {grid.id: grid for grid in plan.grids}

    def route(self, position: Point) -> GridPath:
        """One grid a level. On a border several fit, and the smallest id is taken, always."""
        first, second, third = (self._levels[level].find(position) for level in LEVELS)
        return GridPath(plan_version=self.plan.version, first=first, second=second, third=third)

    def name(self, grid_id: str | None) -> Text | None:
        grid = self._grids.get(grid_id) if grid_id else None
        return grid.name if grid else None

    def team(self, path: GridPath) -> Text | None:
        """The team of the innermost grid; None where there is no grid."""
        name = self.name(path.innermost)
        return Text.of(f"{name.zh}·网格员队伍", f"{name.en} team") if name else None


LEVELS = (GridLevel.FIRST, GridLevel.SECOND, GridLevel.THIRD)


class _Level:
    def __init__(self, grids: Iterable[Grid]) -> None:
        ordered = sorted(grids, key=lambda grid: grid.id)
        self._ids = [grid.id for grid in ordered]
        self._tree = STRtree([Polygon(grid.polygon) for grid in ordered])

    def find(self, position: Point) -> str | None:
        # "intersects" counts the border in, so that no place falls between two neighbours.
        hits = self._tree.query(Spot(position), predicate="intersects")
        return self._ids[min(hits)] if len(hits) else None


class Plans:
    """The plans kept in the database, and the routers of those in use. Thread-safe."""

    def __init__(self) -> None:
        self._routers: LRUCache[str, Router] = LRUCache(ROUTERS_KEPT)
        self._lock = Lock()

    def install(self, session: Session, plan: GridPlan) -> None:
        """Put a plan in use, beside those that were.

        Raises:
            ConfigurationError: another plan is kept under this version.
        """
        kept = session.get(PlanRow, plan.version)
        if kept is not None and kept.document != plan:
            raise ConfigurationError(
                f"grids.version: {plan.version} is kept with other grids, and cases were routed "
                "with them; expected a new version for the changed plan"
            )
        newest = session.scalar(select(func.max(PlanRow.installed_order))) or 0
        if kept is None:
            values = {"valid_from": plan.valid_from, "installed_order": newest + 1}
            insert_if_absent(
                session, PlanRow, {"version": plan.version, "document": plan, **values}
            )
        elif kept.installed_order < newest:
            kept.installed_order = newest + 1

    def router(self, session: Session, at: datetime) -> Router | None:
        """The router of the plan that holds at `at`: of those valid, the one installed last."""
        version = session.scalar(
            select(PlanRow.version)
            .where(PlanRow.valid_from <= at)
            .order_by(PlanRow.installed_order.desc())
            .limit(1)
        )
        return None if version is None else self._router(session, version)

    def plan(self, session: Session, version: str) -> GridPlan | None:
        row = session.get(PlanRow, version)
        return None if row is None else row.document

    def names(self, session: Session, path: GridPath) -> tuple[Text, ...]:
        """The names of a path's grids in its own plan, outermost first."""
        if path.plan_version == NO_PLAN:
            return ()
        router = self._router(session, path.plan_version)
        names = (router.name(grid_id) for grid_id in (path.first, path.second, path.third))
        return tuple(name for name in names if name is not None)

    @cachedmethod(
        attrgetter("_routers"), lock=attrgetter("_lock"), key=lambda self, session, version: version
    )
    def _router(self, session: Session, version: str) -> Router:
        return Router(session.get_one(PlanRow, version).document)
