"""The list of what is wrong with cameras."""

from datetime import timedelta

import httpx
import pytest

from domain.health import CameraHealth, CameraStatus, FaultKind
from domain.messages import CameraHealthChanged
from tests.builders import NOON
from tests.console.conftest import Center, jpeg, picture


def tell(center: Center, camera_id: str, fault: FaultKind | None, minute: int = 0) -> None:
    at = NOON + timedelta(minutes=minute)
    health = CameraHealth(
        camera_id=camera_id,
        at=at,
        status=CameraStatus.SEEING if fault is None else CameraStatus.IMPAIRED,
        since=at - timedelta(minutes=5),
        fault=fault,
        detail="for ops",
    )
    center.book.handle(CameraHealthChanged(health=health))


def test_nothing_to_repair(client: httpx.Client) -> None:
    assert "没有运维工单" in client.get("/maintenance").text
    assert "Nothing to repair" in client.get("/maintenance?lang=en").text
    assert client.get("/api/maintenance").json() == []


@pytest.mark.parametrize("path", ["/maintenance", "/maintenance/rows"])
def test_faults_are_listed_and_are_no_cases(
    center: Center, client: httpx.Client, path: str
) -> None:
    tell(center, "gate-1", FaultKind.MOVED)
    tell(center, "square-1", FaultKind.BLURRED)
    tell(center, "gone-1", FaultKind.COVERED)
    tell(center, "square-1", None, 1)
    center.board.put("gate-1", jpeg(picture()), NOON)
    html = client.get(path).text
    for expected in (
        "待处理 2 项; 不进入调度台",
        "画面移位, 分区规则已暂停",
        "for ops",
        "画面模糊",
        "已恢复",
        "已不在配置中",
        'src="/api/cameras/gate-1/look.jpg',
    ):
        assert expected in html
    assert center.book.cases().cases == ()
    told = client.get("/api/maintenance").json()
    assert {case["fault"] for case in told[:2]} == {"covered", "moved"}
    assert told[2]["fault"] == "blurred"
