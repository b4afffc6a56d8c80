"""The town of `patrol bench center`: cameras on a lattice of grids, and what they find."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import yaml

from cases.book import CaseBook
from cases.filling import Samples
from cases.queries import CaseFilter, CaseOrder
from domain.actor import Actor
from domain.base import Text
from domain.case import Case, FalseReason, Move, Verdict
from domain.geometry import Box
from domain.incident import Incident, IncidentKind, IncidentState, LabelledBox
from domain.messages import IncidentOpened

CAMERAS = 128
SIDE = 4
"""Sites lie on a square of this side, each in a micro-grid of its own."""
WEST, SOUTH, STEP = 103.88, 30.49, 0.01
KINDS = (IncidentKind.FIRE, IncidentKind.ROAD_OCCUPATION, IncidentKind.CROWDING)
_EXPLANATIONS = {
    IncidentKind.FIRE: Text.of(
        "5 次巡看中 4 次见火焰, 历时 3.2 s", "Flames in 4 of 5 looks, 3.2 s"
    ),
    IncidentKind.ROAD_OCCUPATION: Text.of("车辆静止停留 31 s", "A vehicle stood for 31 s"),
    IncidentKind.CROWDING: Text.of("18 人, 持续 60 s", "18 people for 60 s"),
}
_LABELS = {
    IncidentKind.FIRE: "flame",
    IncidentKind.ROAD_OCCUPATION: "car",
    IncidentKind.CROWDING: "person",
}
_CLOSED = (
    Move.CONFIRM,
    Move.DISPATCH,
    Move.ACCEPT,
    Move.HANDLE,
    Move.REPORT,
    Move.VERIFY,
    Move.CLOSE,
)
WAYS: tuple[tuple[int, tuple[Move, ...]], ...] = (
    (4, ()),
    (1, _CLOSED[:1]),
    (1, _CLOSED[:2]),
    (1, _CLOSED[:3]),
    (2, _CLOSED[:4]),
    (1, _CLOSED[:5]),
    (1, _CLOSED[:6]),
    (1, (*_CLOSED[:2], Move.RETURN)),
    (1, (*_CLOSED[:5], Move.REWORK)),
    (1, (Move.CONFIRM, Move.SUSPEND)),
    (1, (*_CLOSED, Move.REOPEN)),
    (50, _CLOSED),
    (10, (*_CLOSED, Move.ARCHIVE)),
    (25, (Move.REJECT,)),
)
"""How many of a hundred cases went which way: most of a town's cases are over."""


def configuration_of(port: int, database_url: str | None) -> str:
    """The town as a configuration's YAML; no worker reads its cameras."""
    data: dict[str, Any] = {
        "town": {"name": {"zh": "示例镇", "en": "Example town"}},
        "console": {"host": "127.0.0.1", "port": port},
        "grids": {
            "version": "bench-1",
            "valid_from": "2000-01-01T00:00:00Z",
            "synthetic": True,
            "grids": list(_grids()),
        },
        "sites": [_site(number) for number in range(SIDE * SIDE)],
        "cameras": [_camera(number) for number in range(CAMERAS)],
    }
    if database_url is not None:
        data["database"] = {"url": database_url}
    return yaml.safe_dump(data, allow_unicode=True, sort_keys=False)


def _grids() -> Iterator[dict[str, Any]]:
    far = SIDE * STEP
    for n in range(SIDE):
        yield _grid(f"l1-{n}", 1, f"示例网格{n:02d}", (n * STEP, 0.0, STEP, far))
        yield _grid(f"l2-{n}", 2, f"示例社区{n:02d}", (0.0, n * STEP, far, STEP))
    for n in range(SIDE * SIDE):
        corner = n % SIDE * STEP, n // SIDE * STEP
        yield _grid(f"l3-{n:02d}", 3, f"示例微网格{n:03d}", (*corner, STEP, STEP))


def _grid(
    grid_id: str, level: int, name: str, place: tuple[float, float, float, float]
) -> dict[str, Any]:
    east, north, wide, high = place
    west, south = WEST + east, SOUTH + north
    ring = [(west, south), (west + wide, south), (west + wide, south + high), (west, south + high)]
    names = {"zh": name, "en": f"Grid {grid_id}"}
    return {"id": grid_id, "level": level, "name": names, "polygon": [list(p) for p in ring]}


def _site(number: int) -> dict[str, Any]:
    return {
        "id": f"s-{number}",
        "name": {"zh": f"示例路口{number:02d}", "en": f"Example junction {number}"},
        "address": {"zh": f"示例路 {number} 号", "en": f"{number} Example Road"},
        "lon": round(WEST + (number % SIDE + 0.5) * STEP, 4),
        "lat": round(SOUTH + (number // SIDE + 0.5) * STEP, 4),
    }


def _camera(number: int) -> dict[str, Any]:
    return {
        "id": f"cam{number}",
        "name": {"zh": f"摄像机{number:03d}", "en": f"Camera {number}"},
        "site_id": f"s-{number % (SIDE * SIDE)}",
        "url": f"rtsp://127.0.0.1:9/cam{number}",
        "rules": {"fire": {}},
    }


def incident(number: int, name: str, at: datetime) -> Incident:
    """The `number`-th finding: cameras and kinds take turns."""
    kind = KINDS[number % len(KINDS)]
    return Incident(
        id=f"{name}_{number}",
        revision=1,
        state=IncidentState.OPEN,
        kind=kind,
        camera_id=f"cam{number // len(KINDS) % CAMERAS}",
        rule_id=kind.value,
        rule_version="bench",
        zone_id="frame",
        first_seen_at=at - timedelta(seconds=30),
        opened_at=at,
        last_seen_at=at,
        score=0.82,
        count=18 if kind is IncidentKind.CROWDING else None,
        looks=16,
        hits=15,
        explanation=_EXPLANATIONS[kind],
        boxes=(
            LabelledBox(label=_LABELS[kind], score=0.82, box=Box(x1=0.2, y1=0.5, x2=0.4, y2=0.8)),
        ),
    )


def make_samples(book: CaseBook, at: datetime) -> Samples:
    """A case of each camera and kind, and one in each state, by the intake and the moves."""
    places = CAMERAS * len(KINDS)
    for number in range(places):
        book.handle(IncidentOpened(incident=incident(number, "place", at)))
    for number in range(len(WAYS)):
        book.handle(IncidentOpened(incident=incident(number, "way", at)))
    cases = {case.incident_id: case for case in _all_cases(book)}
    decided: list[str] = []
    for number, (share, moves) in enumerate(WAYS):
        case = cases[f"way_{number}"]
        for move in moves:
            case = _move(book, case, move)
        decided += [case.no] * share
    return Samples([cases[f"place_{number}"].no for number in range(places)], decided)


def _all_cases(book: CaseBook) -> Sequence[Case]:
    found: list[Case] = []
    wanted = CaseFilter(order=CaseOrder.NEWEST, limit=200)
    while True:
        page = book.cases(wanted)
        found += page.cases
        if page.next_cursor is None:
            return found
        wanted = wanted.model_copy(update={"cursor": page.next_cursor})


def _move(book: CaseBook, case: Case, move: Move) -> Case:
    void = move is Move.REJECT
    return book.move(
        case.no,
        move,
        actor=Actor.person("bench"),
        version=case.version,
        verdict=Verdict.FALSE if void else None,
        reason=FalseReason.LIGHT if void else None,
        note="测试 bench",
    )
