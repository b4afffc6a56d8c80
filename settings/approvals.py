"""Approvals 审批: what a camera may watch for beside public safety, on which legal basis.

Cameras in public places are there for public safety (PIPL 个人信息保护法, article 26). A rule that
serves anything else stays off until its legal basis and its approval are written down.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import NamedTuple, Self

from pydantic import Field, model_validator

from domain.base import Settings
from domain.place import Id
from vision.rule_register import RuleSettings


class Approval(Settings):
    """That somebody who may has allowed a rule that does not serve public safety."""

    legal_basis: str = Field(min_length=1)
    """The law, regulation or decision that the watching rests on, by name and article."""
    approved_by: str = Field(min_length=1)
    """The office that approved it."""
    approved_on: date
    """Its first day."""
    until: date | None = None
    """Its last day, in the town's time; none means until further notice."""
    reference: str = ""
    """Number or place of the paper on file."""
    cameras: tuple[Id, ...] = ()
    """The cameras it holds for; none named means all."""

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.until is not None and self.until < self.approved_on:
            raise ValueError(f"expected until on or after {self.approved_on}, got {self.until}")
        return self

    def holds(self, on: date) -> bool:
        """Whether the day lies in its time."""
        return self.approved_on <= on and (self.until is None or on <= self.until)

    def said_of(self, on: date) -> str:
        """What is missing on a day on which it does not hold."""
        if on < self.approved_on:
            return f"its approval begins on {self.approved_on}"
        return f"its approval ended on {self.until}"


Approvals = dict[Id, Approval]
"""By the rule's id or by its kind. A rule's own id comes before its kind; kind generic is no
approval, because such a rule may watch for anything: name each by its id."""

ANYTHING = "generic"


class Withheld(NamedTuple):
    """A rule that is written down and off for want of an approval."""

    camera_id: str
    rule_id: str
    missing: str


def approval_of(
    approvals: Mapping[str, Approval], camera_id: str, rule_id: str, rule: RuleSettings
) -> Approval | None:
    """The approval of a rule of a camera, whether it holds today or not."""
    names = (rule_id, rule.kind) if rule.kind != ANYTHING else (rule_id,)
    found = (approvals[name] for name in names if name in approvals)
    return next((one for one in found if not one.cameras or camera_id in one.cameras), None)


def may_watch(
    approvals: Mapping[str, Approval], camera_id: str, rule_id: str, rule: RuleSettings, on: date
) -> bool:
    """Whether a rule may watch on a day."""
    if rule.public_safety:
        return True
    approval = approval_of(approvals, camera_id, rule_id, rule)
    return approval is not None and approval.holds(on)


def withheld(
    approvals: Mapping[str, Approval],
    rules: Iterable[tuple[str, str, RuleSettings]],
    on: date,
) -> list[Withheld]:
    """What is off on a day, of (camera id, rule id, rule); rules that nobody enabled are not."""
    found = []
    for camera_id, rule_id, rule in rules:
        if rule.enabled and not may_watch(approvals, camera_id, rule_id, rule, on):
            approval = approval_of(approvals, camera_id, rule_id, rule)
            found.append(Withheld(camera_id, rule_id, _missing(approval, rule_id, on)))
    return found


def _missing(approval: Approval | None, rule_id: str, on: date) -> str:
    if approval is not None:
        return approval.said_of(on)
    return f"legal_basis, approved_by and approved_on are missing (approvals.{rule_id})"


class WithheldRule(NamedTuple):
    """The same for all cameras on which one rule is off for one reason."""

    rule_id: str
    missing: str
    cameras: tuple[str, ...]

    def __str__(self) -> str:
        shown = ", ".join(self.cameras[:3]) + (", …" if len(self.cameras) > 3 else "")
        many = f"{len(self.cameras)} camera{'s' if len(self.cameras) > 1 else ''}"
        return (
            f"rule {self.rule_id} is off on {many} ({shown}): it does not serve public safety, and "
            f"{self.missing}"
        )


def by_rule(found: Iterable[Withheld]) -> list[WithheldRule]:
    """One line for each rule and reason, so that a town of cameras can be read."""
    cameras: dict[tuple[str, str], list[str]] = {}
    for one in found:
        cameras.setdefault((one.rule_id, one.missing), []).append(one.camera_id)
    return [WithheldRule(*key, tuple(ids)) for key, ids in cameras.items()]
