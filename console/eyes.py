"""How the cameras fare: one tile each, with its picture's age, its fault and its promise."""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from cases.cameras import CameraRow
from console.console_settings import ConsoleSettings
from console.services import Services
from console.signs import Tone, camera_sign
from console.times import Times
from console.words import say
from domain.case import Case
from domain.health import CameraStatus
from domain.place import CameraInfo
from domain.silence import SILENT_AFTER
from domain.workload import PROMISE_SLACK

_CODECS = {"h264": "H.264", "hevc": "H.265"}


@dataclass(frozen=True)
class EyeCounts:
    """How many cameras there are, and how many see."""

    total: int
    seeing: int
    offline: int
    impaired: int
    silent: int
    """Their worker tells nothing, or no more: nobody watches them."""
    silent_of: Mapping[str, int]
    """The same by their worker's id."""
    unknown: int
    stale: int
    """Said to see, but there is no picture of them, or none of now."""

    @property
    def watching(self) -> int:
        """Those that see and of which there is a picture of now."""
        return self.seeing - self.stale

    @property
    def bad(self) -> bool:
        return self.offline + self.impaired + self.silent + self.stale > 0


@dataclass(frozen=True)
class Tile:
    """One camera as wall and board show it."""

    row: CameraRow
    worker: str
    """Who looks at it; empty while nobody is known to."""
    instead_of: str
    """Who should, by the town's file, if that is another."""
    status: str
    tone: Tone
    """Of the whole tile: red where something urgent is open, else that of its status."""
    status_tone: Tone
    symbol: str
    fault: str
    since: datetime | None
    look_at: datetime | None
    age_s: float
    stale_after_s: float
    picture_href: str
    promise: str
    longest: str | None
    kept: bool
    burning: Case | None
    """An urgent open case of what the camera sees."""

    @property
    def stale(self) -> bool:
        return self.look_at is not None and self.age_s > self.stale_after_s

    @property
    def veiled_though_seeing(self) -> bool:
        """There is no picture yet of a camera that is said to see."""
        return self.look_at is None and self.status_tone == "green"

    @property
    def codec(self) -> str:
        name = self.row.health.codec if self.row.health else None
        return _CODECS.get(name or "", (name or "").upper())


def count_eyes(services: Services) -> EyeCounts:
    rows, now = services.book.cameras(), services.now()
    heard: list[CameraRow] = []
    silent: list[CameraRow] = []
    for row in rows:
        (silent if is_silent(row, services.started_at, now) else heard).append(row)
    looks = services.looks.times(tuple(row.info.id for row in rows))
    ages_s = {camera_id: (now - at).total_seconds() for camera_id, at in looks.items()}
    statuses = [row.health.status if row.health else None for row in heard]
    return EyeCounts(
        total=len(rows),
        seeing=statuses.count(CameraStatus.SEEING),
        offline=statuses.count(CameraStatus.OFFLINE),
        impaired=statuses.count(CameraStatus.IMPAIRED),
        silent=len(silent),
        silent_of=Counter(row.info.worker_id or row.worker_id or "?" for row in silent),
        unknown=statuses.count(CameraStatus.CONNECTING) + statuses.count(None),
        stale=sum(
            row.health is not None
            and row.health.status is CameraStatus.SEEING
            and ages_s.get(row.info.id, math.inf) > stale_after_s(row.info, services.settings)
            for row in heard
        ),
    )


def is_silent(row: CameraRow, listening_since: datetime, now: datetime) -> bool:
    """Whether nobody tells of this camera: its worker has stopped to, or never began although the
    town's file promises it."""
    told_at = row.health.at if row.health is not None else listening_since
    return now - told_at > SILENT_AFTER


def tiles_of(services: Services, times: Times) -> tuple[Tile, ...]:
    """All cameras in their own order; a picture's age is that of the picture on the board."""
    rows = services.book.cameras()
    looks = services.looks.times(tuple(row.info.id for row in rows))
    burning = services.book.burning()
    return tuple(
        _tile(services, times, row, looks.get(row.info.id), burning.get(row.info.id))
        for row in rows
    )


def stale_after_s(info: CameraInfo, settings: ConsoleSettings) -> float:
    """How old a camera's picture may be and still stand for the present."""
    return 2 * info.look_every_s + settings.look_grace_s


def _tile(
    services: Services,
    times: Times,
    row: CameraRow,
    look_at: datetime | None,
    burning: Case | None,
) -> Tile:
    age_s = max((times.now - look_at).total_seconds(), 0.0) if look_at else 0.0
    longest_s = _longest_s(row, age_s)
    fresh_s = stale_after_s(row.info, services.settings)
    silent = is_silent(row, services.started_at, times.now)
    status, tone, symbol = _status(row, times, stale=age_s > fresh_s, silent=silent)
    promised, told = row.info.worker_id or "", row.worker_id or ""
    return Tile(
        row=row,
        worker=told or promised,
        instead_of=promised if told and promised != told else "",
        status=status,
        tone="red" if burning else tone,
        status_tone=tone,
        symbol=symbol,
        fault=_fault(row, times, silent=silent),
        since=_since(row, silent=silent),
        look_at=look_at,
        age_s=age_s,
        stale_after_s=fresh_s,
        picture_href=_picture_href(row.info.id, look_at),
        promise=f"{row.info.look_every_s:g}",
        longest=None if longest_s is None else times.span(longest_s),
        kept=longest_s is None or longest_s <= PROMISE_SLACK * row.info.look_every_s,
        burning=burning,
    )


def _longest_s(row: CameraRow, age_s: float) -> float | None:
    """The longest time between looks that is known; the one that still runs counts too."""
    reported_s = row.looks.longest_interval_s if row.looks else None
    if reported_s is None:
        return None
    return max(reported_s, age_s) if age_s > 2 * row.info.look_every_s else reported_s


def _picture_href(camera_id: str, look_at: datetime | None) -> str:
    at = quote(look_at.isoformat()) if look_at else ""
    return f"/api/cameras/{camera_id}/look.jpg?at={at}"


def _status(row: CameraRow, times: Times, *, stale: bool, silent: bool) -> tuple[str, Tone, str]:
    """Words, colour and icon. A camera whose picture has grown old is not in order, whatever
    its worker says."""
    if silent:
        return say("wall.silent", times.language), "red", "plug-connected-x"
    if row.health is None:
        return say("wall.not_heard", times.language), "grey", "hourglass"
    if row.health.status is CameraStatus.SEEING and stale:
        return say("wall.stale", times.language), "amber", "video-off"
    sign = camera_sign(row.health.status, row.health.fault)
    return sign.words.to(times.language), sign.tone, sign.symbol


def _since(row: CameraRow, *, silent: bool) -> datetime | None:
    """Since when it is as it is; of a silent one, when it was last told of."""
    if row.health is None:
        return None
    return row.health.at if silent else row.health.since


def _fault(row: CameraRow, times: Times, *, silent: bool) -> str:
    """Why the camera does not see, in words; empty while it does."""
    health = row.health
    if silent:
        return say("wall.silent_words", times.language)
    if health is None:
        return ""
    if health.status is CameraStatus.SEEING:
        return ""
    words = health.fault.words if health.fault else health.status.words
    return words.to(times.language)
