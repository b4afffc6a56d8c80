"""What a rule is: settings that people write, and one method that judges each look."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, Self, runtime_checkable

from pydantic import Field, model_validator

from domain.base import Settings, Text
from domain.geometry import Box, FramePolygon, Point
from domain.held_back import HeldBackReason
from domain.incident import IncidentKind, LabelledBox
from domain.place import Id
from models.detections import Detections
from streams.frame import Image
from vision.likelihood import FireTrack
from vision.rules.baseline import BaselineMemory
from vision.schedule import Schedule
from vision.second_look.verdict import SecondLook
from vision.things.rejected import RejectedThing
from vision.things.static_objects import Ground
from vision.things.tracks import Track
from vision.zones import Zone


class BaseRuleSettings(Settings):
    """What the settings of every rule have. Times are seconds, never counts of looks."""

    enabled: bool = True
    """Whether the rule watches at all (default true)."""
    shadow: bool = False
    """Whether the rule is only tried: it watches, but what it would open is counted on the worker
    and makes no case (default false)."""
    zones: tuple[Id, ...] = ()
    """Ids of the camera's detect zones to watch, each on its own (default: the whole picture)."""
    zone: FramePolygon | None = None
    """A polygon in frame units 0–1 to watch, instead of `zones`."""
    schedule: Schedule = ()
    """Hours in which the rule watches, in the site's time zone (default: always)."""
    close_after_s: float = Field(default=60.0, ge=0)
    """An open incident closes this long after the looks stopped to match."""
    cool_down_s: float = Field(default=1800.0, ge=0)
    """A match within this time after closing re-opens the same incident (default 30 min)."""
    update_every_s: float = Field(default=30.0, ge=0)
    """An open incident is reported at most this often, unless it grew by a fifth."""
    unseen_after_s: float = Field(default=120.0, gt=0)
    """Without any look for this long nobody knows: the incident closes as unseen."""

    @model_validator(mode="after")
    def _one_way_to_say_where(self) -> Self:
        if self.zone is not None and self.zones:
            raise ValueError("expected either zone (a polygon) or zones (ids), got both")
        return self

    @property
    @abstractmethod
    def incident_kind(self) -> IncidentKind:
        """What kind of incident the rule finds."""

    @property
    def public_safety(self) -> bool:
        """Whether the rule serves public safety, for which cameras in public places are there.
        What does not is off until it is approved."""
        return False

    @property
    @abstractmethod
    def warm_up_s(self) -> float:
        """How long the rule must look before it can match at all."""

    @property
    @abstractmethod
    def watched_labels(self) -> frozenset[str]:
        """The classes of which at least one must be known to the detector, or the rule is blind."""

    @abstractmethod
    def rule(self, zone: Zone) -> "Rule":
        """A rule that judges by these settings in this zone, without any memory."""

    def misfit(self, polygon: tuple[Point, ...]) -> str | None:
        """What keeps the rule from judging in a zone of this polygon, in words; none if nothing."""
        return None

    @property
    def tracked_labels(self) -> frozenset[str]:
        """The classes whose tracks the rule asks for."""
        return frozenset()

    @property
    def full_looks_apart_s(self) -> float:
        """So far apart, in seconds, the looks may be at which the detector sees the whole picture;
        those in between may be first looks (`vision.first_look`), which see fire and smoke only.
        By default each look has to be full."""
        return 0.0

    @property
    def watches_ground(self) -> bool:
        """Whether the rule asks what stands on the ground, named by a class or not."""
        return False


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """All that a rule is told about one look."""

    now_s: float
    """Steady seconds: they never run backwards."""
    detections: Detections
    """Without what lies under ignore zones."""
    tracks: Sequence[Track] = ()
    """The things that are followed, those not seen in this look among them."""
    exempt: tuple[Zone, ...] = ()
    """The exempt zones in force."""
    picture: Image | None = None
    """The small picture of the look, (h, w, 3) uint8 BGR, if there is one."""
    local: datetime | None = None
    """What the clock on the site's wall shows, for limits by the hour."""
    ground: Ground | None = None
    """What stands on the ground, for rules that watch it; none without a picture."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding 研判: a rule's match in one look."""

    score: float
    lasted_s: float
    """How long what was found has been there."""
    looks: int
    """The looks that the finding rests on, and how many of them matched."""
    hits: int
    explanation: Text
    boxes: tuple[LabelledBox, ...]
    count: int | None = None
    tracks: tuple[FireTrack, ...] = ()
    """Of a fire, what each of its places showed: what a likelihood could be told by."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """A place of which a rule would like to know more: a second look at `box` would tell."""

    place: int
    """The rule's own number of the place; it comes back with the answer."""
    box: Box
    score: float
    """How sure the detector is."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """A rule's answer to one look."""

    finding: Finding | None = None
    suspicious: bool = False
    """Something begins that more looks would soon settle."""
    doubt: Doubt | None = None
    """What a second look should be taken at; none if there is nothing to ask."""
    held_back: frozenset[HeldBackReason] = frozenset()
    """Why something that would have been a finding is none."""


class Rule(Protocol):
    """One rule on one zone of one camera, with what it remembers of earlier looks."""

    def judge(self, scene: Scene) -> Judgement: ...


@runtime_checkable
class Learning(Protocol):
    """A rule that learns over weeks; what it learned survives it."""

    @property
    def learned(self) -> BaselineMemory | None:
        """What was learned so far; none if this rule is not told to learn."""

    def recall(self, learned: BaselineMemory) -> None:
        """Go on from what was learned before, if it still applies."""

    def anew(self) -> Rule:
        """The same rule with what it learned so far, and without any memory of single looks."""


@runtime_checkable
class Reminded(Protocol):
    """A rule that can be told what people found to be false."""

    def remind(self, rejected: Sequence[RejectedThing]) -> None:
        """Hold back from now on what shows one of these things, and nothing else; what was held
        back before and is no longer named is told of again."""


@runtime_checkable
class Doubting(Protocol):
    """A rule that asks for second looks."""

    def learn(self, place: int, seen: SecondLook) -> Finding | None:
        """Take in the answer to a doubt; the finding, if the newest look now matches."""
