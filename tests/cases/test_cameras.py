"""The camera registry, and the last news of each camera."""

from datetime import timedelta
from typing import Any

from domain.case import Move
from domain.change import ChangeKind
from domain.health import CameraHealth, CameraLooks, CameraStatus, CoverageGap, FaultKind
from domain.messages import CameraHealthChanged, CoverageGapEnded, LooksDone
from tests.builders import NOON, make_cameras, make_plan, make_sites
from tests.cases.conftest import Desk


def _health(after_s: float = 0, **changes: Any) -> CameraHealthChanged:
    at = NOON + timedelta(seconds=after_s)
    fields = {"camera_id": "gate-1", "at": at, "status": CameraStatus.SEEING, "since": at}
    return CameraHealthChanged(health=CameraHealth.model_validate(fields | changes))


def _looks(after_s: float = 0, *, looks: int = 30) -> LooksDone:
    to_at = NOON + timedelta(seconds=after_s)
    reports = tuple(
        CameraLooks(camera_id=camera_id, looks=looks, last_look_at=to_at, counts={"person": 3})
        for camera_id in ("gate-1", "square-1")
    )
    from_at = to_at - timedelta(seconds=60)
    return LooksDone(worker_id="edge-1", from_at=from_at, to_at=to_at, cameras=reports)


def test_the_registry_lists_cameras_with_site_and_grids(desk: Desk) -> None:
    rows = desk.book.cameras()
    assert [row.info for row in rows] == list(make_cameras())
    gate, far = rows[0], rows[3]
    assert gate.site == make_sites()[0]
    assert gate.grids is not None
    assert gate.grids.third == "m-011"
    assert far.grids is not None
    assert far.grids.innermost is None
    assert (gate.health, gate.looks, gate.last_look_at, gate.open_cases) == (None, None, None, 0)


def test_one_camera_or_site_may_be_asked_for(desk: Desk) -> None:
    row = desk.book.camera("gate-2")
    assert row is not None
    assert row.info == make_cameras()[1]
    assert desk.book.camera("stray-9") is None
    assert desk.book.sites() == make_sites()
    assert desk.book.site("s-2") == make_sites()[1]
    assert desk.book.site("s-9") is None


def test_installing_again_changes_nothing_and_takes_changes_over(desk: Desk) -> None:
    desk.book.handle(_health())
    before = desk.book.cameras()
    desk.book.install(make_sites(), make_cameras(), make_plan())
    assert desk.book.cameras() == before
    moved = make_cameras()[0].model_copy(update={"site_id": "s-2", "look_every_s": 5.0})
    desk.book.install(make_sites()[1:2], [moved], make_plan())
    [row] = desk.book.cameras()
    assert (row.info, row.site) == (moved, make_sites()[1])
    assert row.health == before[0].health
    assert desk.book.sites() == make_sites()[1:2]


def test_a_case_keeps_the_place_it_was_made_with(desk: Desk) -> None:
    case = desk.take()
    moved = make_cameras()[0].model_copy(update={"site_id": "s-2"})
    desk.book.install(make_sites(), [moved], make_plan())
    assert desk.book.case(case.no) == case
    assert desk.take(incident_id="inc_2").site_id == "s-2"


def test_the_newest_health_stays(desk: Desk) -> None:
    fault = _health(60, status=CameraStatus.OFFLINE, fault=FaultKind.ENDED)
    for message in (_health(0), fault, _health(30), fault):
        desk.book.handle(message)
    row = desk.book.camera("gate-1")
    assert row is not None
    assert row.health == fault.health


def test_the_newest_looks_stay(desk: Desk) -> None:
    for message in (_looks(0), _looks(60, looks=29), _looks(30), _looks(60, looks=29)):
        desk.book.handle(message)
    row = desk.book.camera("square-1")
    assert row is not None
    assert row.looks is not None
    assert (row.looks.looks, row.worker_id) == (29, "edge-1")
    assert row.looks_to == row.last_look_at == NOON + timedelta(seconds=60)
    assert row.looks_from == NOON


def test_the_last_look_is_the_newest_of_what_is_known(desk: Desk) -> None:
    desk.book.handle(_looks(60))
    newer = NOON + timedelta(seconds=70)
    desk.book.handle(_health(71, last_look_at=newer))
    row = desk.book.camera("gate-1")
    assert row is not None
    assert row.last_look_at == newer


def test_news_of_a_camera_that_is_installed_later_is_kept(desk: Desk) -> None:
    desk.book.handle(_health(camera_id="late-1"))
    assert desk.book.camera("late-1") is None
    late = make_cameras()[0].model_copy(update={"id": "late-1"})
    desk.book.install(make_sites(), [late], make_plan())
    row = desk.book.camera("late-1")
    assert row is not None
    assert row.health is not None


def test_open_cases_are_counted_by_camera(desk: Desk) -> None:
    desk.take()
    desk.walk(desk.take(incident_id="inc_2"), Move.REJECT)
    desk.walk(desk.take(incident_id="inc_3"), Move.CONFIRM)
    assert [row.open_cases for row in desk.book.cameras()] == [2, 0, 0, 0]


def test_gaps_are_kept_once_and_asked_for_by_time(desk: Desk) -> None:
    gaps = [
        CoverageGap(
            camera_id="gate-1",
            from_at=NOON + timedelta(minutes=minute),
            to_at=NOON + timedelta(minutes=minute, seconds=20),
            cause=FaultKind.ENDED,
            detail="连接中断",
        )
        for minute in (0, 5, 10)
    ]
    for gap in (gaps[2], gaps[0], gaps[1], gaps[0]):
        desk.book.handle(CoverageGapEnded(gap=gap))
    assert desk.book.gaps("gate-1", NOON) == tuple(gaps)
    assert desk.book.gaps("gate-1", NOON + timedelta(minutes=5, seconds=10)) == tuple(gaps[1:])
    assert desk.book.gaps("gate-2", NOON) == ()


def test_health_and_gaps_are_news_and_looks_are_not(desk: Desk) -> None:
    gap = CoverageGap(
        camera_id="gate-2",
        from_at=NOON,
        to_at=NOON + timedelta(seconds=9),
        cause=FaultKind.STALLED,
    )
    with desk.book.subscribe() as news:
        for message in (_health(), _health(), _looks(), CoverageGapEnded(gap=gap)):
            desk.book.handle(message)
        changes: list[tuple[ChangeKind, str | None, str | None]] = []
        while not changes or changes[-1][2] != "gate-2":  # told by a thread, together or one by one
            told = news.wait(timeout_s=30)
            assert told
            changes += [(change.what, change.no, change.camera_id) for change in told]
    assert list(dict.fromkeys(changes)) == [
        (ChangeKind.CAMERA, None, "gate-1"),
        (ChangeKind.CAMERA, None, "gate-2"),
    ]
