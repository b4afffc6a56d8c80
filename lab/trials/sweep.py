"""One clip judged again with shifted scores, point by point: the ground of the event curves."""

from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo

from lab.trials.cases import cases_of, light_of
from lab.trials.evaluate import starts_at
from lab.trials.events import SHIFTS, ClipEvents, ShiftedScore
from lab.trials.recording import Recording, judge_again
from lab.trials.scoring import ClipScore, replayed_incidents, score_clip
from lab.trials.truth import ClipTruth, Truth
from vision.look_step import LookSettings


def swept(
    clip: ClipTruth,
    truth: Truth,
    recording: Recording,
    scored: ClipScore,
    *,
    timezone: ZoneInfo,
    looking: LookSettings | None = None,
    shifts: Sequence[float] = SHIFTS,
) -> ClipEvents:
    """The clip as it was `scored`, and as its recording would be with each shift."""
    if any(rule.watches_ground for rule in truth.rules_of(clip).values()):
        shifts = shifts[::2]  # where pictures are judged too, each point costs as much as a replay
    rules, start_at = truth.rules_of(clip), starts_at(clip, timezone)

    def points() -> Iterator[ShiftedScore]:
        for shift in shifts:
            judged = judge_again(
                recording, clip, rules, shift=shift, timezone=timezone, looking=looking
            )
            again = score_clip(
                clip.file,
                clip.incidents,
                replayed_incidents(judged.messages, start_at),
                scored.seconds,
                rules=rules,
            )
            yield ShiftedScore(shift=shift, clip=again, unanswered=judged.unanswered)

    return ClipEvents(
        source=clip.source_name,
        clip=scored,
        shifted=tuple(points()),
        cases=cases_of(clip, truth, recording, scored, start_at),
        light=light_of(clip, recording),
    )
