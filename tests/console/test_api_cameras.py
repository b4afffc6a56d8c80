"""Cameras, health and the API's documentation over HTTP."""

from datetime import UTC, datetime, timedelta

import httpx

from console.status import PartStatus, SystemStatus
from domain.base import Text
from domain.clock import VirtualClock
from domain.health import CameraHealth, CameraLooks, CameraStatus, CoverageGap, FaultKind
from domain.messages import CameraHealthChanged, CoverageGapEnded, LooksDone
from tests.builders import NOON, make_cameras, make_plan, make_sites
from tests.console.conftest import Center
from tests.console.server import serving


def offline(camera_id: str = "gate-1") -> CameraHealthChanged:
    health = CameraHealth(
        camera_id=camera_id,
        at=NOON,
        status=CameraStatus.OFFLINE,
        since=NOON - timedelta(minutes=14),
        fault=FaultKind.UNAUTHORIZED,
    )
    return CameraHealthChanged(health=health)


def test_cameras_come_with_their_health(center: Center, client: httpx.Client) -> None:
    center.book.handle(offline())
    cameras = {row["info"]["id"]: row for row in client.get("/api/cameras").json()}
    assert set(cameras) == {"gate-1", "gate-2", "square-1", "far-1"}
    assert cameras["gate-1"]["health"]["fault"] == "unauthorized"
    assert cameras["gate-2"]["health"] is None
    assert client.get("/api/cameras/gate-1").json()["info"]["id"] == "gate-1"
    assert client.get("/api/cameras/nobody").status_code == 404


def test_gaps_are_told_for_some_days(center: Center, client: httpx.Client) -> None:
    gap = CoverageGap(
        camera_id="gate-1",
        from_at=NOON - timedelta(hours=2),
        to_at=NOON - timedelta(hours=1),
        cause=FaultKind.ENDED,
    )
    center.book.handle(CoverageGapEnded(gap=gap))
    assert [gap["cause"] for gap in client.get("/api/cameras/gate-1/gaps").json()] == ["ended"]
    assert client.get("/api/cameras/gate-1/gaps?days=0").status_code == 422
    assert client.get("/api/cameras/nobody/gaps").status_code == 404


def test_coverage_is_told_by_the_hour(center: Center, client: httpx.Client) -> None:
    for hours_ago, missed in ((0, {"overload": 7}), (1, {}), (30, {"failed": 1})):
        at = NOON - timedelta(hours=hours_ago)
        one = CameraLooks(camera_id="gate-1", looks=3, longest_interval_s=25, skipped=missed)
        center.book.handle(LooksDone(worker_id="e", from_at=at, to_at=at, cameras=(one,)))
    told = client.get("/api/cameras/gate-1/coverage").json()
    assert told == [
        {
            "camera_id": "gate-1",
            "from_at": f"2026-11-23T0{hour}:00:00Z",
            "looks": 3,
            "longest_interval_s": 25,
            "missed": missed,
            "clock_set_s": 0,
        }
        for hour, missed in ((3, {}), (4, {"overload": 7}))
    ]
    assert len(client.get("/api/cameras/gate-1/coverage?hours=48").json()) == 3
    assert client.get("/api/cameras/gate-2/coverage").json() == []
    for hours in (0, 90 * 24 + 1):
        assert client.get(f"/api/cameras/gate-1/coverage?hours={hours}").status_code == 422
    assert client.get("/api/cameras/nobody/coverage").status_code == 404


def test_a_step_of_the_clock_is_shown_as_such(center: Center, client: httpx.Client) -> None:
    one = CameraLooks(camera_id="gate-1", looks=3, longest_interval_s=2)
    for minute, set_s in ((1, 0.0), (2, 7200.0), (3, -5.0)):
        at = NOON - timedelta(minutes=minute)
        center.book.handle(
            LooksDone(worker_id="e", from_at=at, to_at=at, clock_set_s=set_s, cameras=(one,))
        )
    hours = client.get("/api/cameras/gate-1/coverage").json()
    assert [hour["clock_set_s"] for hour in hours] == [7200]
    page = client.get("/cameras/rows").text
    assert "时钟被拨快 2 小时" in page
    assert "漏看" not in page


def test_a_worker_that_was_off_is_told_as_a_gap(center: Center, client: httpx.Client) -> None:
    for minute in (0, 10):
        at = NOON - timedelta(minutes=10 - minute)
        seeing = CameraHealth(camera_id="gate-1", at=at, status=CameraStatus.SEEING, since=at)
        center.book.handle(CameraHealthChanged(health=seeing))
    [gap] = client.get("/api/cameras/gate-1/gaps").json()
    assert (gap["cause"], gap["from_at"]) == ("worker_away", "2026-11-23T03:50:00Z")
    page = client.get("/cameras/rows").text
    assert "最长间隔 10 分" in page
    assert "漏看 300 次 (小脑未运行 300)" in page


def test_health_counts_cameras_but_does_not_blame_the_program(
    center: Center, client: httpx.Client
) -> None:
    center.book.handle(offline())
    answer = client.get("/api/health")
    body = answer.json()
    assert answer.status_code == 200
    assert body["ok"] is True
    assert body["cameras"] == {
        "total": 4,
        "seeing": 0,
        "impaired": 0,
        "offline": 1,
        "silent": 0,
        "unknown": 3,
    }


def test_a_worker_that_tells_nothing_any_more_is_noticed(
    center: Center, client: httpx.Client, clock: VirtualClock
) -> None:
    def tell(*camera_ids: str) -> None:
        now, status = clock.now(), CameraStatus.SEEING
        for id_ in camera_ids:
            health = CameraHealth(camera_id=id_, at=now, status=status, since=now)
            center.book.handle(CameraHealthChanged(health=health))

    tell("gate-1")
    clock.advance(80)
    assert client.get("/api/health").json()["cameras"]["seeing"] == 1
    assert "正常" in client.get("/cameras/rows").text
    clock.advance(20)
    answer = client.get("/api/health")
    assert answer.status_code == 503
    counts, parts = answer.json()["cameras"], answer.json()["parts"]
    # Of the other three nobody ever told, although they are promised.
    assert (counts["seeing"], counts["silent"], counts["unknown"]) == (0, 4, 0)
    assert [(part["name"], part["ok"]) for part in parts] == [("cases", True), ("workers", False)]
    page = client.get("/cameras/rows").text
    assert "小脑无消息" in page
    assert "正常" not in page
    tell("gate-1", "gate-2", "square-1", "far-1")
    assert client.get("/api/health").status_code == 200


def test_cameras_are_shown_with_their_worker_and_silent_ones_are_counted_by_it(
    center: Center, client: httpx.Client, clock: VirtualClock
) -> None:
    """Who is to look is in the town's file, who does is told by the looks."""
    workers = {"gate-1": "east", "gate-2": "east", "square-1": "west", "far-1": "west"}
    cameras = [info.model_copy(update={"worker_id": workers[info.id]}) for info in make_cameras()]
    center.book.install(make_sites(), cameras, make_plan())
    health = CameraHealth(
        camera_id="gate-1", at=clock.now(), status=CameraStatus.SEEING, since=clock.now()
    )
    for camera_id in ("gate-1", "square-1"):
        told = health.model_copy(update={"camera_id": camera_id})
        center.book.handle(CameraHealthChanged(health=told))
    looks = tuple(CameraLooks(camera_id=id_, looks=1) for id_ in ("gate-1", "square-1"))
    at = clock.now()
    center.book.handle(LooksDone(worker_id="east", from_at=at, to_at=at, cameras=looks))
    shown = client.get("/cameras/rows?lang=en").text
    assert "Worker east<" in shown
    assert "Worker east, not west" in shown  # square-1, which is west's by now
    assert "Worker west<" in shown  # far-1: nobody looked yet
    clock.advance(100)
    (workers_part,) = [
        part for part in client.get("/api/health").json()["parts"] if part["name"] == "workers"
    ]
    assert workers_part["detail"].endswith("tells nothing of: east 2, west 2")


def test_health_is_503_when_a_part_of_the_program_fails(
    center: Center, clock: VirtualClock
) -> None:
    bus = PartStatus(name="bus", words=Text.of("消息总线", "Bus"), ok=False, detail="no answer")

    def status() -> SystemStatus:
        started_at = datetime(2026, 11, 1, tzinfo=UTC)
        return SystemStatus(at=clock.now(), version="0", started_at=started_at, parts=(bus,))

    with serving(lambda: center.make_app(status)) as server:
        answer = httpx.get(f"{server.url}/api/health")
    assert answer.status_code == 503
    assert answer.json()["program"]["parts"][0]["name"] == "bus"


def test_docs_need_nothing_from_elsewhere(client: httpx.Client) -> None:
    page = client.get("/api/docs").text
    assert "http://" not in page
    assert "https://" not in page
    assert "/vendor/swagger-ui-bundle.js" in page
