"""One camera with everything filled in: what it says of itself, and for the rest what all get."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from domain.base import Text
from domain.place import CameraInfo
from settings.approvals import Approvals, Withheld, approval_of, may_watch, withheld
from settings.townfile import CameraSettings, LookHours, TownFile
from streams.address import CameraAddress
from streams.stream_settings import StreamSettings
from vision.rule_register import RulesSettings, ZoneSettings
from vision.schedule import is_on


@dataclass(frozen=True, slots=True)
class LookPromise:
    """How often a camera is looked at: the coverage promise, with its hours."""

    usual_s: float
    """At least one look in this many seconds, outside of all special hours."""
    hours: tuple[LookHours, ...]
    """Hours in which another promise holds: the first that holds counts."""
    timezone: ZoneInfo

    def at(self, at: datetime) -> float:
        """The seconds between looks that are promised at a time."""
        for hours in self.hours:
            if is_on((hours,), at, self.timezone):
                return hours.look_every_s
        return self.usual_s

    @property
    def longest_s(self) -> float:
        """The longest promise of the week: by this the console judges."""
        return max(self.usual_s, *(hours.look_every_s for hours in self.hours), 0.0)


@dataclass(frozen=True, slots=True)
class Camera:
    """One camera of the town: where it stands, who reads it and how, what it watches for."""

    id: str
    name: Text
    site_id: str
    gb_id: str | None
    enabled: bool
    worker_id: str | None
    """Who takes it; None only in a file that `patrol check` refuses."""
    address: CameraAddress
    detect_address: CameraAddress | None
    """Where looks are taken from, if not from `address`."""
    streams: StreamSettings
    """How it is read: as all cameras are, but for what is said of it alone."""
    promise: LookPromise
    risk: float
    overlaps: tuple[str, ...]
    """The cameras that see the same place, whichever of the two says so."""
    keeps_view: bool
    notice: Text | None
    zones: tuple[ZoneSettings, ...]
    written_rules: RulesSettings
    """The rules that are written down for it, whether they may watch or not."""
    approvals: Approvals
    timezone: ZoneInfo

    @property
    def rules(self) -> RulesSettings:
        """The rules that serve public safety, and those with an approval, which `permits` limits
        to its days."""
        return {
            rule_id: rule
            for rule_id, rule in self.written_rules.items()
            if rule.public_safety or approval_of(self.approvals, self.id, rule_id, rule)
        }

    def permits(self, rule_id: str, at: datetime) -> bool:
        """Whether a rule, by its id, may watch at a time."""
        rule = self.written_rules[rule_id]
        return may_watch(self.approvals, self.id, rule_id, rule, self._day(at))

    def withheld_at(self, at: datetime) -> list[Withheld]:
        """The enabled rules that are off for want of an approval."""
        rules = [(self.id, rule_id, rule) for rule_id, rule in self.written_rules.items()]
        return withheld(self.approvals, rules, self._day(at))

    @property
    def info(self) -> CameraInfo:
        """What the center may know of it."""
        return CameraInfo(
            id=self.id,
            name=self.name,
            site_id=self.site_id,
            gb_id=self.gb_id,
            worker_id=self.worker_id,
            look_every_s=self.promise.longest_s,
            overlaps=self.overlaps,
            notice=self.notice,
        )

    def _day(self, at: datetime) -> date:
        return at.astimezone(self.timezone).date()


def resolved(file: TownFile, camera: CameraSettings, worker_id: str | None) -> Camera:
    """A camera of the file with what is left open filled in."""
    return Camera(
        id=camera.id,
        name=camera.name,
        site_id=camera.site_id,
        gb_id=camera.gb_id,
        enabled=camera.enabled,
        worker_id=worker_id,
        address=camera.address,
        detect_address=camera.detect_address,
        streams=_streams(file, camera),
        promise=_promise(file, camera),
        risk=camera.risk or file.defaults.risk,
        overlaps=_overlaps(file, camera),
        keeps_view=camera.keeps_view,
        notice=camera.notice,
        zones=camera.zones,
        written_rules=file.written_rules_of(camera),
        approvals=file.approvals,
        timezone=file.town.zone,
    )


def _streams(file: TownFile, camera: CameraSettings) -> StreamSettings:
    own = {"rtsp": camera.reader, "transport": camera.transport, "allow_basic": camera.allow_basic}
    said = {name: value for name, value in own.items() if value is not None}
    return file.streams.model_copy(update=said)


def _promise(file: TownFile, camera: CameraSettings) -> LookPromise:
    """A camera with a promise of its own keeps it at all hours but those that it names itself."""
    has_own = camera.look_hours or camera.look_every_s is not None
    hours = camera.look_hours if has_own else file.defaults.look_hours
    return LookPromise(camera.look_every_s or file.defaults.look_every_s, hours, file.town.zone)


def _overlaps(file: TownFile, camera: CameraSettings) -> tuple[str, ...]:
    told_by_others = (other.id for other in file.cameras if camera.id in other.overlaps)
    return tuple(dict.fromkeys((*camera.overlaps, *told_by_others)))
