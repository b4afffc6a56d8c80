"""What was expected of a clip, with how large it stood in the picture and in which light."""

from collections.abc import Iterator
from datetime import datetime
from statistics import median

import numpy as np

from lab.trials.events import Case
from lab.trials.recording import Recording
from lab.trials.scoring import ClipScore, kind_of, pair_incidents, rule_kind_of
from lab.trials.truth import ClipTruth, ExpectedIncident, Light, Truth
from vision.rule_register import RuleSettings

NIGHT_BELOW = 70.0
"""Mean of a picture, 0-255, below which it is night: the development clips by day and indoors have
105 and more, the neon street by night 29."""


def light_of(clip: ClipTruth, recording: Recording) -> Light:
    """As the truth says, or else as the pictures of the looks are."""
    if clip.light is not None:
        return clip.light
    seen = [look.brightness for look in recording.looks]
    return Light.NIGHT if seen and median(seen) < NIGHT_BELOW else Light.DAY


def cases_of(
    clip: ClipTruth, truth: Truth, recording: Recording, scored: ClipScore, start_at: datetime
) -> tuple[Case, ...]:
    """One for each expected incident, found or missed."""
    rules, light = truth.rules_of(clip), light_of(clip, recording)
    missed = list(clip.incidents)

    def cases() -> Iterator[Case]:
        for one, come in pair_incidents(clip.incidents, scored.incidents):
            missed.remove(one)
            height = come.height if one.height is None else one.height
            yield Case(rule_kind=kind_of(come, rules), found=True, height=height, light=light)
        for one in missed:
            seen = _height_seen(one, rules, recording, start_at)
            height = seen if one.height is None else one.height
            kind = rule_kind_of(one.kind, rules)
            yield Case(rule_kind=kind, found=False, height=height, light=light)

    return tuple(cases())


def _height_seen(
    one: ExpectedIncident,
    rules: dict[str, RuleSettings],
    recording: Recording,
    start_at: datetime,
) -> float | None:
    """The height of the largest box that the detector had of it while it was expected."""
    labels: set[str] = set()
    for rule in rules.values():
        labels |= rule.watched_labels if rule.incident_kind is one.kind else frozenset()
    heights = [0.0]
    for look in recording.looks:
        after_s = (look.kept.at - start_at).total_seconds()
        if look.kept.look is not None and one.from_s <= after_s <= one.to_s:
            xyxy = look.kept.look.detections.of(*labels).xyxy
            heights.append(float(np.max(xyxy[:, 3] - xyxy[:, 1], initial=0.0)))
    return max(heights) or None
