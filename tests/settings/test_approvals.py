"""What does not serve public safety is off until it is approved, and says so."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from domain.clock import VirtualClock
from edge.post import CameraPost
from settings.approvals import Approval, by_rule
from settings.camera import Camera
from settings.checking import check_file
from settings.config import Configuration
from tests.integration.rig import configure
from vision.rule_register import parse_rules

PAPER = {"legal_basis": "某法第一条", "approved_by": "某局", "approved_on": "2026-03-01"}
RULES: dict[str, Any] = {
    "fire": {},
    "crowding": {},
    "fire_lane": {},
    "parking": {},
    "kerb": {"kind": "parking"},
    "night": {"kind": "generic"},
    "asleep": {"kind": "stalls", "enabled": False},
}
SAFETY = {"fire", "crowding", "fire_lane"}
MARCH = datetime(2026, 3, 15, 4, tzinfo=UTC)


def town(approvals: dict[str, Any], rules: dict[str, Any] = RULES) -> Configuration:
    cameras = [
        {"id": id_, "name": id_, "site_id": "s", "url": f"rtsp://192.0.2.{i}/", "rules": rules}
        for i, id_ in enumerate(("one", "two"), 1)
    ]
    return Configuration.of({"approvals": approvals, "cameras": cameras})


def watching(town: Configuration, at: datetime = MARCH) -> dict[str, set[str]]:
    def of(camera: Camera) -> set[str]:
        return {rule_id for rule_id in camera.rules if camera.permits(rule_id, at)}

    return {camera.id: of(camera) for camera in town.cameras}


@pytest.mark.parametrize("kind", ["parking", "stalls", "goods", "road_occupation", "generic"])
def test_what_is_outside_public_safety(kind: str) -> None:
    assert not parse_rules({kind: {}})[kind].public_safety


def test_without_approvals_only_public_safety_is_watched() -> None:
    assert watching(town({})) == {"one": SAFETY, "two": SAFETY}


def test_an_approval_of_a_kind_is_one_of_all_its_rules() -> None:
    assert watching(town({"parking": PAPER}))["one"] == SAFETY | {"parking", "kerb"}


def test_an_approval_of_one_rule_or_of_some_cameras() -> None:
    of_one = watching(town({"kerb": {**PAPER, "cameras": ["two"]}}))
    assert of_one == {"one": SAFETY, "two": SAFETY | {"kerb"}}


def test_a_rule_that_may_be_anything_is_approved_by_its_own_id() -> None:
    assert watching(town({"generic": PAPER}))["one"] == SAFETY
    assert watching(town({"night": PAPER}))["one"] == SAFETY | {"night"}


def test_an_approval_has_its_days_in_the_towns_time() -> None:
    parked = town({"kerb": {**PAPER, "until": "2026-03-31"}})
    ends = datetime(2026, 3, 31, 15, 59, 59, tzinfo=UTC)
    for at, may in [
        (datetime(2026, 2, 28, 15, 59, tzinfo=UTC), False),
        (datetime(2026, 2, 28, 16, 0, tzinfo=UTC), True),
        (ends, True),
        (datetime(2026, 3, 31, 16, 0, tzinfo=UTC), False),
    ]:
        assert ("kerb" in watching(parked, at)["one"]) is may, at


def test_what_is_off_is_named_once_for_all_its_cameras() -> None:
    lines = [str(each) for each in by_rule(town({"parking": PAPER}).withheld_at(MARCH))]
    assert lines == [
        "rule night is off on 2 cameras (one, two): it does not serve public safety, and "
        "legal_basis, approved_by and approved_on are missing (approvals.night)"
    ]
    over = town({"parking": {**PAPER, "until": "2026-03-02"}, "night": PAPER})
    missing = {each.missing for each in by_rule(over.withheld_at(MARCH))}
    assert missing == {"its approval ended on 2026-03-02"}
    early = by_rule(over.withheld_at(datetime(2026, 1, 1, tzinfo=UTC)))
    assert {each.missing for each in early} == {"its approval begins on 2026-03-01"}


def test_check_says_what_is_off_and_which_approval_is_idle(tmp_path: Path) -> None:
    cameras = {"gate": {"url": "rtsp://192.0.2.1/", "rules": {"parking": {}, "fire": {}}}}
    file = configure(tmp_path, cameras, approvals={"parkink": PAPER})
    report = check_file(file, data_dir=tmp_path, at=MARCH)
    said = {problem.key: problem.message for problem in report.warnings}
    assert "rule parking is off on 1 camera (gate)" in said["approvals"]
    assert said["approvals.parkink"].startswith("no rule has this id")


def test_a_post_judges_by_what_is_approved() -> None:
    configuration = town({"kerb": PAPER}, {"kerb": {"kind": "parking"}, "night": RULES["night"]})
    (camera, _), share = configuration.cameras, configuration.share()
    post = CameraPost(camera, share, clock=VirtualClock(MARCH), on_gap=lambda _gap: None)
    assert [watch.subject.rule_id for watch in post.patrol._watches] == ["kerb"]


@pytest.mark.parametrize("key", ["legal_basis", "approved_by", "approved_on"])
def test_an_approval_names_its_basis_its_office_and_its_day(key: str) -> None:
    with pytest.raises(ValidationError):
        Approval.model_validate({name: value for name, value in PAPER.items() if name != key})


def test_an_approval_does_not_end_before_it_begins() -> None:
    with pytest.raises(ValidationError, match="expected until on or after 2026-03-01"):
        Approval.model_validate({**PAPER, "until": date(2026, 2, 1)})
