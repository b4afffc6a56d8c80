"""What the detector and second looks saw in a replay, kept so that the rules can judge it again
with another threshold, without the network."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import numpy as np
import structlog

from edge.state.kept_looks import KeptLook, KeptSecondLook
from lab.trials.truth import ClipTruth
from models.detections import Detections, Floats
from vision.incidents import IncidentMessage
from vision.look import Look
from vision.look_step import LookSettings, LookStep
from vision.patrol import CameraPatrol, SecondLookWish
from vision.rule_register import RuleSettings
from vision.second_look.verdict import SecondLook

SAME_WITHIN = timedelta(seconds=2)
SAME_IOU = 0.5
"""A second look answers a wish that is no further from it in time and place: it looked at most of
the same pictures."""
_LEAST, _MOST = 1e-4, 1 - 1e-4
"""Scores are held within, so that their odds are finite."""


@dataclass(frozen=True, slots=True, eq=False)
class RecordedLook:
    """One look of a replay."""

    kept: KeptLook
    attended: bool
    """Whether it was taken between the promised ones, because something was suspected."""
    brightness: float = 0.0
    """The mean of its picture, 0-255."""


@dataclass(slots=True)
class Recording:
    """The looks and second looks of one clip, in order of time; filled while it is replayed."""

    looks: list[RecordedLook] = field(default_factory=list)
    second_looks: list[KeptSecondLook] = field(default_factory=list)

    def looked_twice(self, wish: SecondLookWish, seen: SecondLook) -> None:
        self.second_looks.append(KeptSecondLook(wish.at, wish.box, seen))


@dataclass(frozen=True, slots=True)
class Judged:
    """What the rules made of a recording."""

    messages: tuple[IncidentMessage, ...]
    unanswered: int
    """Second looks that were wished for and not recorded: there, single looks decided."""


def judge_again(
    recording: Recording,
    clip: ClipTruth,
    rules: Mapping[str, RuleSettings],
    *,
    shift: float,
    timezone: ZoneInfo,
    looking: LookSettings | None = None,
) -> Judged:
    """Judge a recording as if each score were surer by `shift`, in log odds; by 0 it is judged as
    it was.

    Looks that attention added are left out where these rules would not have asked for them. What
    more they would have asked for was not recorded: a positive shift finds no less than told here.
    """
    with _unheard():
        return _judge(recording, clip, rules, shift, timezone, looking)


def _judge(
    recording: Recording,
    clip: ClipTruth,
    rules: Mapping[str, RuleSettings],
    shift: float,
    timezone: ZoneInfo,
    looking: LookSettings | None,
) -> Judged:
    patrol = CameraPatrol("clip", rules, clip.zones, timezone=timezone, model=None, notice=None)
    step, answers = LookStep(patrol, looking), Answers(recording.second_looks)
    messages: list[IncidentMessage] = []
    for one in recording.looks:
        if one.attended and not patrol.suspicious:
            continue
        step.recall(one.kept.diagnosis)
        if one.kept.look is None:
            messages += patrol.tick(one.kept.at)
            continue
        look = _surer(one.kept.look, shift)
        messages += step.judged(one.kept.diagnosis, look, answers.answer).messages
    return Judged(tuple(messages), answers.unanswered)


@contextmanager
def _unheard() -> Iterator[None]:
    """What is only tried is no news: nothing of it is logged."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    try:
        yield
    finally:
        structlog.configure(**before)


class Answers:
    """Second looks as they were kept, for wishes near them in time and place, whichever rule had
    wished for them."""

    def __init__(self, known: Sequence[KeptSecondLook]) -> None:
        self._known = known
        self.unanswered = 0

    def answer(self, wish: SecondLookWish) -> SecondLook | None:
        near = [
            one
            for one in self._known
            if abs(one.at - wish.at) <= SAME_WITHIN and one.box.iou(wish.box) >= SAME_IOU
        ]
        self.unanswered += not near
        return min(near, key=lambda one: abs(one.at - wish.at)).seen if near else None


def _surer(look: Look, shift: float) -> Look:
    if not shift:
        return look
    seen = look.detections
    scores = shifted(seen.scores, shift)
    return replace(look, detections=Detections(seen.xyxy, scores, seen.class_ids, seen.labels))


def shifted(scores: Floats, shift: float) -> Floats:
    """Scores (n,) whose log odds are larger by `shift`."""
    held = np.clip(scores, _LEAST, _MOST)
    odds = np.log(held / (1 - held)) + shift
    return np.asarray(1 / (1 + np.exp(-odds)), np.float32)
