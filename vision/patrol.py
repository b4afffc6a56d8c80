"""One camera's patrol: its zones, rules and incidents, fed with looks."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

import structlog

from domain.base import Text
from domain.errors import ConfigurationError
from domain.geometry import Box
from domain.held_back import HeldBackReason
from domain.incident import CloseReason, Incident, IncidentKind, IncidentState, ModelRef
from domain.messages import IncidentUpdated
from vision.held_back import HeldBackBook, TellHeldBack
from vision.incidents import (
    IncidentBook,
    IncidentMessage,
    NameIncident,
    by_age,
    closed_for_change,
    given_up,
)
from vision.likelihood import Calibrator, carried, likelihood_words
from vision.look import Look
from vision.rule_register import RuleSettings, zone_problems
from vision.rules.baseline import BaselineMemory
from vision.rules.rule import Doubt, Doubting, Finding, Scene
from vision.schedule import is_on
from vision.second_look.verdict import SecondLook
from vision.steady import SteadySeconds
from vision.things.rejected import RejectedThing
from vision.things.static_objects import Ground, StaticObjects
from vision.things.tracks import Tracker
from vision.watch import Watch, watches_of
from vision.zones import Zone, ZoneKind, ZoneSettings, unmasked

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class SecondLookWish:
    """What a camera should be looked at again for: some seconds of pictures up to `at`."""

    rule_id: str
    zone_id: str
    doubt: Doubt
    at: datetime

    @property
    def box(self) -> Box:
        return self.doubt.box


Permits = Callable[[str, datetime], bool]
"""Whether a rule, by its id, may watch at a time: an approval has its days."""


KeepBack = Callable[[IncidentMessage], None]
"""Takes what rules in shadow say."""


def _always(_rule_id: str, _at: datetime) -> bool:
    return True


class CameraPatrol:
    """Turns the looks of one camera into the opening, updating and closing of incidents.

    Raises ConfigurationError when a rule names a zone that the camera does not have.
    """

    def __init__(
        self,
        camera_id: str,
        rules: Mapping[str, RuleSettings],
        zones: Sequence[ZoneSettings],
        *,
        timezone: ZoneInfo,
        model: ModelRef | None,
        notice: Text | None,
        permits: Permits = _always,
        keep_back: KeepBack | None = None,
        tell_held_back: TellHeldBack | None = None,
        name_incident: NameIncident | None = None,
        calibrator: Calibrator | None = None,
    ) -> None:
        """`calibrator`: tells of a fire how likely it is one, if it may; that of the program if
        none is given."""
        _refuse_problems(camera_id, rules, zones)
        self._camera_id = camera_id
        self._timezone = timezone
        self._permits = permits
        self._model, self._calibrator = model, calibrator or carried()
        self._keep_back = keep_back
        self._time = SteadySeconds()
        self._book = IncidentBook(camera_id, model=model, notice=notice, name=name_incident)
        self._held_back = HeldBackBook(camera_id, tell_held_back)
        self._ignored = _compiled(zones, ZoneKind.IGNORE)
        self._exempt = _compiled(zones, ZoneKind.EXEMPT)
        self._watches = watches_of(rules, _compiled(zones, ZoneKind.DETECT))
        labels = [watch.settings.tracked_labels for watch in self._watches]
        self._tracker = Tracker(frozenset().union(*labels))
        watched = any(watch.settings.watches_ground for watch in self._watches)
        self._static_objects = StaticObjects() if watched else None
        self._view_doubted = self._view_moved = False

    @property
    def open_incidents(self) -> tuple[Incident, ...]:
        return self._book.open_incidents

    @property
    def remembered(self) -> tuple[Incident, ...]:
        """What `restore` wants after a restart: open incidents, and those in their cool-down."""
        return self._book.remembered

    @property
    def learned(self) -> dict[str, BaselineMemory]:
        """What rules learned over weeks, by ``rule/zone``. May be read by any thread."""
        found = {"/".join(watch.subject.key): watch.learned for watch in self._watches}
        return {key: learned for key, learned in found.items() if learned is not None}

    def recall(self, learned: Mapping[str, BaselineMemory]) -> None:
        """Go on from what an earlier run learned; what no longer applies is dropped."""
        for watch in self._watches:
            if (memory := learned.get("/".join(watch.subject.key))) is not None:
                watch.recall(memory)

    def remind(self, rejected: Sequence[RejectedThing]) -> None:
        """Say what people found to be false of late: all of it, each time."""
        for watch in self._watches:
            watch.remind(rejected)

    def note_view(self, *, doubted: bool, moved: bool) -> None:
        """Say whether the camera still looks where its zones were drawn. While that is doubted,
        rules on zones are not asked; once it has moved their incidents close, and they pause.
        Rules on the whole picture go on: a fire is one wherever the camera looks."""
        self._view_doubted, self._view_moved = doubted, moved

    def use_model(self, model: ModelRef) -> None:
        """From now on incidents name this model."""
        self._model = model
        self._book.use_model(model)

    @property
    def suspicious(self) -> bool:
        """Whether some rule would soon know more if the camera were looked at more often."""
        return any(watch.suspicious for watch in self._watches)

    @property
    def suspected(self) -> frozenset[IncidentKind]:
        """What the rules suspect, by kind: where `suspicious`, what it is about."""
        return frozenset(w.settings.incident_kind for w in self._watches if w.suspicious)

    def watched_at(self, at: datetime) -> frozenset[IncidentKind]:
        """What the rules watch for at a time, by kind: empty out of their hours."""
        on_duty = (watch for watch in self._watches if self._on_duty(watch, at))
        return frozenset(watch.settings.incident_kind for watch in on_duty)

    def sees_at(self, at: datetime) -> bool:
        """Whether what rules watch for could be seen in a look at that time: not where each of
        them watches a place and the view is another one. Out of all hours nothing is sought."""
        on_duty = [watch for watch in self._watches if self._on_duty(watch, at)]
        lost = self._view_doubted or self._view_moved
        return not (on_duty and lost and all(watch.is_zoned for watch in on_duty))

    @property
    def at_ease(self) -> bool:
        """Whether no rule suspects, doubts or tells of anything."""
        open_ones = bool(self._book.open_incidents)
        return not open_ones and not any(w.suspicious or w.doubt for w in self._watches)

    def full_looks_apart_s(self, at: datetime) -> float:
        """How far apart looks may be that see all that the rules on duty look for; infinite if fire
        and smoke are all that any of them looks for."""
        on_duty = (w for w in self._watches if self._on_duty(w, at))
        return min((w.settings.full_looks_apart_s for w in on_duty), default=math.inf)

    def ignored_at(self, at: datetime) -> tuple[Zone, ...]:
        """The ignore zones that are in force: what happens there is nobody's business."""
        return tuple(z for z in self._ignored if is_on(z.schedule, at, self._timezone))

    @property
    def wants_second_look(self) -> SecondLookWish | None:
        """What the newest look left in doubt: the likeliest, if there are several. Whoever can
        get the pictures answers with `hear`; without an answer the rules decide by looks alone."""
        wishes = [
            SecondLookWish(*watch.subject.key, watch.doubt, watch.looked_at)
            for watch in self._watches
            if watch.doubt is not None and watch.looked_at is not None
        ]
        return max(wishes, key=lambda wish: wish.doubt.score, default=None)

    def hear(self, wish: SecondLookWish, seen: SecondLook) -> list[IncidentMessage]:
        """Take in what a second look found; what opens by it opens now, not at the next look."""
        for watch in self._watches:
            if watch.subject.key == (wish.rule_id, wish.zone_id):
                return self._learn(watch, wish, seen)
        return []

    def _learn(self, watch: Watch, wish: SecondLookWish, seen: SecondLook) -> list[IncidentMessage]:
        if watch.doubt is wish.doubt:
            watch.doubt = None
        if not isinstance(watch.rule, Doubting) or watch.looked_s is None:
            return []
        finding = watch.rule.learn(wish.doubt.place, seen)
        if finding is None or watch.looked_at is None:
            return []
        finding = self._with_likelihood(finding)
        found = self._book.match(watch.subject, finding, watch.looked_at, watch.looked_s)
        return self._logged(found)

    def look(self, look: Look) -> list[IncidentMessage]:
        """Judge one look. Messages come in the order in which they happened."""
        now_s = self._time.advance(look.at, look.now_s)
        messages = self._close_overdue(look.at, now_s)
        scene = self._scene(look, now_s)
        for watch in self._watches:
            if not self._on_duty(watch, look.at) or (look.first and not watch.needs_first_only):
                continue
            if (self._view_doubted or self._view_moved) and watch.is_zoned:
                self._hold_back(watch, HeldBackReason.MOVED, scene, look.at)
            else:
                if watch.is_masked(look.detections, scene.detections):
                    self._hold_back(watch, HeldBackReason.MASKED, scene, look.at)
                messages += self._judge(watch, scene, look.at)
        return messages

    def _hold_back(self, watch: Watch, reason: HeldBackReason, scene: Scene, at: datetime) -> None:
        self._held_back.note((*watch.subject.key, reason), at, scene.now_s)

    def end_held_back(self) -> None:
        """Tell all that is being held back: nobody looks any more."""
        self._held_back.end()

    def tick(self, at: datetime, now_s: float | None = None) -> list[IncidentMessage]:
        """Close what must close although no look came: unseen, or out of its hours. `now_s` as
        `Look.now_s`."""
        return self._close_overdue(at, self._time.peek(at, now_s))

    def restore(
        self, incidents: Iterable[Incident], at: datetime, now_s: float | None = None
    ) -> list[IncidentMessage]:
        """Carry on after a restart with what was open, and with what closed not long ago.

        An open incident whose rule, zone or settings are no more is closed: the answer. So is,
        as unseen, any but the newest of one rule and zone.
        """
        now_s = self._time.advance(at, now_s)
        watches = {watch.subject.key: watch for watch in self._watches}
        messages: list[IncidentMessage] = []
        for incident in sorted(incidents, key=by_age):
            watch = watches.get((incident.rule_id, incident.zone_id))
            if watch is not None and watch.subject.rule_version == incident.rule_version:
                messages += self._book.close(watch.subject, CloseReason.UNSEEN, at, now_s)
                self._book.restore(watch.subject, incident, at, now_s)
                watch.looked_s = now_s
            elif incident.state is IncidentState.OPEN:
                messages.append(closed_for_change(incident, at))
        self._book.forget(now_s)
        return self._logged(messages)

    def take_over(
        self, incidents: Iterable[Incident], at: datetime, now_s: float | None = None
    ) -> list[IncidentMessage]:
        """Carry on with what another program told of up to now, as the center knows it.

        What was closed because its camera was given up is open again: it was given to us. What is
        of other rules than ours is closed. What this patrol tells of already stays as it is.
        """
        now_s = self._time.advance(at, now_s)
        watches = {watch.subject.key: watch for watch in self._watches}
        messages: list[IncidentMessage] = []
        ours = sorted(incidents, key=by_age)
        newest = {(incident.rule_id, incident.zone_id): incident for incident in ours}
        for incident in ours:
            key = incident.rule_id, incident.zone_id
            watch = watches.get(key) if newest[key] is incident else None
            if watch is not None and watch.subject.rule_version == incident.rule_version:
                self._book.take_over(watch.subject, given_up(incident), at, now_s)
                watch.looked_s = now_s if watch.looked_s is None else watch.looked_s
            elif incident.state is IncidentState.OPEN:
                messages.append(closed_for_change(incident, at))
        self._book.forget(now_s)
        return self._logged(messages)

    def let_go(self) -> None:
        """Forget what is open and say nothing of it: somebody else carries it on. What is seen
        from now on is told as new."""
        self._book.let_go()

    def _close_overdue(self, at: datetime, now_s: float) -> list[IncidentMessage]:
        messages: list[IncidentMessage] = []
        self._held_back.settle(now_s)
        for watch in self._watches:
            if watch.looked_s is None:
                continue  # it has begun anew already, and nothing of it is open
            if not self._watching(watch, at):
                moved = self._view_moved and watch.is_zoned
                reason = CloseReason.MOVED if moved else CloseReason.OFF_HOURS
                messages += self._book.close(watch.subject, reason, at, now_s)
                watch.begin_anew()
            elif now_s - watch.looked_s >= watch.subject.unseen_after_s:
                messages += self._book.close(watch.subject, CloseReason.UNSEEN, at, now_s)
                watch.begin_anew()
        self._book.forget(now_s)
        return self._logged(messages)

    def _watching(self, watch: Watch, at: datetime) -> bool:
        return self._on_duty(watch, at) and not (self._view_moved and watch.is_zoned)

    def _on_duty(self, watch: Watch, at: datetime) -> bool:
        """Whether the rule is allowed to watch, and these are its hours."""
        if not self._permits(watch.subject.rule_id, at):
            return False
        schedules = watch.settings.schedule, watch.zone.schedule
        return all(is_on(schedule, at, self._timezone) for schedule in schedules)

    def _scene(self, look: Look, now_s: float) -> Scene:
        detections = unmasked(look.detections, self.ignored_at(look.at))
        return Scene(
            now_s=now_s,
            detections=detections,
            tracks=() if look.first else self._tracker.see(detections, now_s),
            exempt=tuple(z for z in self._exempt if is_on(z.schedule, look.at, self._timezone)),
            picture=look.picture,
            local=look.at.astimezone(self._timezone),
            ground=self._ground(look, now_s),
        )

    def _ground(self, look: Look, now_s: float) -> Ground | None:
        """What stands on the ground. It is watched outside the hours of rules too: a stall that
        is there when they begin was set up before."""
        if self._static_objects is None or look.picture is None or look.first:
            return None
        return self._static_objects.see(look.picture, look.detections, now_s)

    def _judge(self, watch: Watch, scene: Scene, at: datetime) -> list[IncidentMessage]:
        judgement = watch.rule.judge(scene)
        watch.suspicious, watch.doubt = judgement.suspicious, judgement.doubt
        watch.looked_s, watch.looked_at = scene.now_s, at
        for reason in judgement.held_back:
            self._hold_back(watch, reason, scene, at)
        if judgement.finding is not None and watch.subject.shadow:
            self._hold_back(watch, HeldBackReason.SHADOW, scene, at)
        if judgement.finding is None:
            return self._logged(self._book.miss(watch.subject, at, scene.now_s))
        finding = self._with_likelihood(judgement.finding)
        found = self._book.match(watch.subject, finding, at, scene.now_s)
        return self._logged(found)

    def _with_likelihood(self, finding: Finding) -> Finding:
        """The finding with words of how likely it is, where somebody showed what they mean. What
        is found and when does not depend on them."""
        words = likelihood_words(finding.tracks, self._model, self._calibrator)
        if words is None:
            return finding
        said = finding.explanation
        told = Text.of(f"{said.zh}; {words.zh}", f"{said.en}; {words.en}")
        return replace(finding, explanation=told)

    def _logged(self, messages: list[IncidentMessage]) -> list[IncidentMessage]:
        for message in messages:
            incident = message.incident
            tell = _log.debug if isinstance(message, IncidentUpdated) else _log.info
            tell(
                message.type.split(".")[2],
                camera=incident.camera_id,
                incident=incident.id,
                revision=incident.revision,
                rule=incident.rule_id,
                zone=incident.zone_id,
                reason=incident.close_reason,
            )
        return self._published(messages)

    def _published(self, messages: list[IncidentMessage]) -> list[IncidentMessage]:
        """Without what rules in shadow say, if somebody keeps that back. Nobody does in a replay,
        where a rule in shadow is tried like any other."""
        if self._keep_back is None:
            return messages
        for message in messages:
            if message.incident.shadow:
                self._keep_back(message)
        return [message for message in messages if not message.incident.shadow]


def _refuse_problems(
    camera_id: str, rules: Mapping[str, RuleSettings], zones: Sequence[ZoneSettings]
) -> None:
    problems = zone_problems(rules, zones)
    if problems:
        words = "; ".join(f"{'.'.join(map(str, place))}: {what}" for place, what in problems)
        raise ConfigurationError(f"camera {camera_id}: {words}")


def _compiled(zones: Sequence[ZoneSettings], kind: ZoneKind) -> tuple[Zone, ...]:
    return tuple(Zone.of(z.id, z.polygon, z.schedule) for z in zones if z.kind is kind)
