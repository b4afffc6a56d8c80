"""How often a rule on a camera was right, by what people said of its cases."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence

from cases.judged import JudgedCase
from domain.base import Value
from domain.case import Verdict

LEAST_CASES = 10
"""With fewer verdicts than this nothing is said of a rule: the interval is half the scale."""
_Z = 1.959964
"""Two-sided 95 %."""
_RIGHT = frozenset({Verdict.REAL, Verdict.GONE})
"""What was there was there, whether or not somebody had to act."""
_WRONG = frozenset({Verdict.FALSE, Verdict.PERMITTED})
"""Nobody should have been called. A duplicate says nothing of the rule and is left out."""

Key = tuple[str, str]
"""Camera id and rule id."""


class Precision(Value):
    """One rule on one camera."""

    camera_id: str
    rule_id: str
    verdicts: dict[str, int]
    false_reasons: dict[str, int]
    right: int
    judged: int
    """Verdicts that say whether the rule was right: all but duplicates."""
    precision: float | None
    """None: not enough verdicts."""
    low: float | None
    high: float | None
    """The Wilson interval, 95 %."""


def wilson(right: int, judged: int) -> tuple[float, float]:
    """The interval that holds the true share with 95 %; `judged` must be above 0."""
    share, z2 = right / judged, _Z**2
    middle = (share + z2 / (2 * judged)) / (1 + z2 / judged)
    reach = math.sqrt(share * (1 - share) / judged + z2 / (4 * judged**2))
    reach *= _Z / (1 + z2 / judged)
    return max(0.0, middle - reach), min(1.0, middle + reach)


def is_right(case: JudgedCase) -> bool:
    return case.verdict in _RIGHT


def is_wrong(case: JudgedCase) -> bool:
    return case.verdict in _WRONG


def by_rule(cases: Iterable[JudgedCase]) -> dict[Key, list[JudgedCase]]:
    """The cases of each camera and rule, in order of their names."""
    groups: dict[Key, list[JudgedCase]] = {}
    for case in cases:
        key = case.incident.camera_id, case.incident.rule_id
        groups.setdefault(key, []).append(case)
    return dict(sorted(groups.items()))


def precisions(cases: Iterable[JudgedCase], least: int = LEAST_CASES) -> tuple[Precision, ...]:
    """Every camera and rule with a verdict; a share only from `least` verdicts on."""
    return tuple(_precision(*key, its, least) for key, its in by_rule(cases).items())


def _precision(camera_id: str, rule_id: str, cases: Sequence[JudgedCase], least: int) -> Precision:
    right, wrong = sum(map(is_right, cases)), sum(map(is_wrong, cases))
    judged = right + wrong
    enough = judged >= max(least, 1)
    low, high = wilson(right, judged) if enough else (None, None)
    return Precision(
        camera_id=camera_id,
        rule_id=rule_id,
        verdicts=Counter(case.verdict.value for case in cases),
        false_reasons=Counter(case.reason.value for case in cases if case.reason is not None),
        right=right,
        judged=judged,
        precision=right / judged if enough else None,
        low=low,
        high=high,
    )
