"""Which pictures are learned and which are only watched: by camera and day, never at random.

Two pictures of one camera on one day often show the same thing in the same light; if one is learned
and the other one measured, the measure says how well a detector remembers. So a camera's pictures
are kept together by runs, and its newest runs are left out: whatever was trained before has not
seen them.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from lab.labelling.marks import Mark

VALIDATION_SHARE = 0.2
APART = timedelta(hours=1)
"""Over midnight the same evening goes on, unless so long nothing was found."""


def validation_of(marks: Iterable[Mark], zone: ZoneInfo, held_out: Iterable[str]) -> frozenset[str]:
    """The stems that are left for measuring: all of the cameras `held_out`, and of every other one
    the newest runs, as near to `VALIDATION_SHARE` of its pictures as whole runs come. A camera
    with one run has nothing to spare."""
    out, chosen = frozenset(held_out), set[str]()
    ordered = sorted(marks, key=lambda mark: (mark.camera_id, mark.stem))
    for camera_id, group in groupby(ordered, key=lambda mark: mark.camera_id):
        its = list(group)
        newest = its if camera_id in out else _newest_runs(runs_of(its, zone))
        chosen.update(mark.stem for mark in newest)
    return frozenset(chosen)


def runs_of(marks: Sequence[Mark], zone: ZoneInfo) -> list[list[Mark]]:
    """One camera's pictures in order of time, cut where a day ends and an hour is empty."""
    runs: list[list[Mark]] = []
    for mark in marks:
        if runs and not _parts(runs[-1][-1], mark, zone):
            runs[-1].append(mark)
        else:
            runs.append([mark])
    return runs


def _parts(before: Mark, mark: Mark, zone: ZoneInfo) -> bool:
    days = {each.captured_at.astimezone(zone).date() for each in (before, mark)}
    return len(days) == 2 and mark.captured_at - before.captured_at >= APART


def _newest_runs(runs: Sequence[Sequence[Mark]]) -> list[Mark]:
    wanted = VALIDATION_SHARE * sum(map(len, runs))
    tails = [[mark for run in runs[start:] for mark in run] for start in range(1, len(runs))]
    return min(tails, key=lambda tail: abs(len(tail) - wanted), default=[])
