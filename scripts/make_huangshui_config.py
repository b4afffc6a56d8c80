#!/usr/bin/env python3
"""Write configs/huangshui.yaml: the town as an example, everything about it made up but its name.

usage: scripts/make_huangshui_config.py [FILE]      without FILE: to standard output

What is public is the town's name, its five level-1 grids' names and the numbers 5, 13, 50 and 114.
Borders, lower names, addresses and ids are made up here, the same at every run. A town copies the
file, not this script, and puts its own in.
"""

import random
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple

WEST, SOUTH, EAST, NORTH = 103.850, 30.468, 103.938, 30.544  # about 69 km² round 103.894, 30.506
FIRST = (
    ("空港花田网格", "Konggang Huatian grid"),
    ("瞿上网格", "Qushang grid"),
    ("川藏路网格", "Chuanzang Road grid"),
    ("双流西站网格", "Shuangliu West Station grid"),
    ("黄三路网格", "Huangsan Road grid"),
)
# Borders of level 1 on the south and the north side, 0-1 of the town's width: they lean, so that
# they cross the borders of level 2, as the real ones do.
FIRST_SOUTH = (0.0, 0.16, 0.42, 0.57, 0.83, 1.0)
FIRST_NORTH = (0.0, 0.24, 0.35, 0.64, 0.77, 1.0)
SECOND_ROWS = (4, 5, 4)  # 13
THIRD_OF_SECOND = (4, 4, 4, 3, 4, 4, 4, 4, 4, 4, 4, 4, 3)  # 50
SITES = 114

Point = tuple[float, float]
Ring = list[Point]


class Cell(NamedTuple):
    """An upright part of the town, in 0-1 of its width and height."""

    x1: float
    y1: float
    x2: float
    y2: float

    def ring(self) -> Ring:
        corners = ((self.x1, self.y1), (self.x2, self.y1), (self.x2, self.y2), (self.x1, self.y2))
        return [ground(x, y) for x, y in corners]


class Kind(NamedTuple):
    """A kind of place, what its cameras watch for, and its GB/T 28181 industry (00 road, 01
    community)."""

    zh: str
    en: str
    industry: str
    zones: str
    rules: str


LANE = "[[0.05, 0.55], [0.95, 0.55], [0.95, 0.95], [0.05, 0.95]]"
MIDDLE = "[[0.1, 0.35], [0.9, 0.35], [0.9, 0.95], [0.1, 0.95]]"
BY_DAY = '[{days: daily, from: "06:30", to: "22:30"}]'
DANCE = '[{days: daily, from: "19:00", to: "21:30", count: 40}]'
PICK_UP = (
    '[{days: mon-fri, from: "07:00", to: "08:30", count: 60}, '
    '{days: mon-fri, from: "16:00", to: "18:30", count: 60}]'
)
NIGHT = '[{days: daily, from: "23:00", to: "05:00"}]'
PARKING = "{zones: [kerb]}"
STALLS = f"{{zones: [kerb], schedule: {BY_DAY}}}"
BIKES = "{kind: goods, zones: [middle], classes: [bicycle, motorcycle], count: 10, unnamed: false}"

ROAD = Kind(
    "路口", "junction", "00",
    f"[{{id: kerb, name: 路缘, polygon: {LANE}}}]",
    f"{{fire: {{}}, parking: {PARKING}, stalls: {STALLS}}}",
)  # fmt: skip
MARKET = Kind(
    "市场", "market", "00",
    f"[{{id: kerb, name: 路缘, polygon: {LANE}}}, {{id: stalls, name: 早市, kind: exempt, "
    f'polygon: {MIDDLE}, schedule: [{{days: daily, from: "06:00", to: "09:00"}}]}}]',
    f"{{fire: {{}}, parking: {PARKING}, stalls: {STALLS}, goods: {{zones: [kerb]}}, "
    "crowding: {count: 30, for_s: 60, baseline: {}}}",
)  # fmt: skip
SQUARE = Kind(
    "广场", "square", "00",
    f"[{{id: middle, name: 广场, polygon: {MIDDLE}}}]",
    f"{{fire: {{}}, crowding: {{zones: [middle], count: 15, for_s: 60, limits: {DANCE}}}, "
    f"bikes: {BIKES}}}",
)  # fmt: skip
SCHOOL = Kind(
    "学校门口", "school gate", "01",
    f"[{{id: gate, name: 校门, polygon: {MIDDLE}}}]",
    f"{{fire: {{}}, crowding: {{zones: [gate], count: 20, for_s: 60, limits: {PICK_UP}}}, "
    f"stalls: {{zones: [gate], schedule: {BY_DAY}}}}}",
)  # fmt: skip
COMMUNITY = Kind(
    "小区", "housing estate", "01",
    f"[{{id: lane, name: 消防通道, polygon: {LANE}}}]",
    "{fire: {}, fire_lane: {zones: [lane]}}",
)  # fmt: skip
GREEN = Kind(
    "绿地", "green", "00",
    "",
    "{fire: {}, loitering: {kind: generic, stay: same, for_s: 300, title: {zh: 夜间徘徊, "
    f"en: Loitering at night}}, schedule: {NIGHT}}}}}",
)  # fmt: skip
KINDS = (ROAD, COMMUNITY, GREEN, MARKET, COMMUNITY, ROAD, SQUARE, GREEN, COMMUNITY, SCHOOL, ROAD)

HEAD = """\
# 黄水镇 Huangshui, as an example to copy. Made by scripts/make_huangshui_config.py.
#
# 示例: public are the town's name, the names of its five level-1 grids, and the numbers 5 + 13 + 50
# and 114. Every border, lower name, address, position, zone and id below is made up. Addresses
# 192.0.2.x belong to nobody (RFC 5737). Before use: put in your own and run
#   patrol check configs/huangshui.yaml
#
# 法律依据 Legal basis. These are public-safety cameras (雪亮工程). Fire, crowds and blocked fire
# lanes are public safety. parking, stalls, goods, bikes and loitering are not: the program keeps
# them off until they are approved below (docs/configuration.md, approvals), and says so.
#
# From the environment: HS_CAMERA_USER, HS_CAMERA_PASSWORD (both URL-encoded), and, for a town on
# several machines, PATROL_BUS_URL and PATROL_DATABASE_URL.

town: {name: {zh: 黄水镇, en: Huangshui}, timezone: Asia/Shanghai}
data_dir: patrol-data
bus: {url: "${PATROL_BUS_URL:-embedded}"}
database: {url: "${PATROL_DATABASE_URL:-}"}  # empty: SQLite below data_dir
detector: {model: patrol-n, threads: 1}
cases: {number_prefix: HS}
console: {host: 127.0.0.1, port: 8780}
# 分工 Who takes which camera: an entry for each worker, by grids, sites or cameras. Each is started
# by patrol worker --id NAME; patrol up starts them all. Without this section one takes everything.
workers:
  edge-1: {grids: [hs-1, hs-2]}
  edge-2: {grids: [hs-3, hs-4, hs-5]}
defaults:
  look_every_s: 3.0
  rules: {fire: {}}

# 审批 Approvals. An example; take the comment signs off when the papers are on file:
# approvals:
#   parking:
#     legal_basis: 道路交通安全法 第五十六条        # the law, by name and article
#     approved_by: 示例单位                          # who may approve it, in writing
#     approved_on: 2026-01-01
#     until: 2026-12-31
#     reference: 示例〔2026〕1号
#     cameras: [s003-1]                              # without: all
"""


def ground(x: float, y: float) -> Point:
    """Longitude and latitude of a point in 0-1 of the town, to a decimetre."""
    return round(WEST + x * (EAST - WEST), 6), round(SOUTH + y * (NORTH - SOUTH), 6)


def second_cells() -> Iterator[Cell]:
    for row, columns in enumerate(SECOND_ROWS):
        rows = len(SECOND_ROWS)
        for column in range(columns):
            yield Cell(column / columns, row / rows, (column + 1) / columns, (row + 1) / rows)


def third_cells(second: Cell, count: int) -> Iterator[Cell]:
    """Two by two, or three side by side."""
    columns, rows = (2, 2) if count == 4 else (3, 1)
    width, height = (second.x2 - second.x1) / columns, (second.y2 - second.y1) / rows
    for row in range(rows):
        for column in range(columns):
            x, y = second.x1 + column * width, second.y1 + row * height
            yield Cell(x, y, x + width, y + height)


def grids() -> Iterator[str]:
    yield _grid("hs", 0, "黄水镇", "Huangshui", Cell(0, 0, 1, 1).ring(), code="510116115")
    for i, (zh, en) in enumerate(FIRST):
        (a, b), (c, d) = FIRST_SOUTH[i : i + 2], FIRST_NORTH[i : i + 2]
        ring = [ground(a, 0), ground(b, 0), ground(d, 1), ground(c, 1)]
        yield _grid(f"hs-{i + 1}", 1, zh, en, ring, "hs")
    for i, cell in enumerate(second_cells(), 1):
        yield _grid(
            f"l2-{i:02}", 2, f"示例社区{i:02}", f"Example community {i:02}", cell.ring(), "hs"
        )
    for i, (parent, cell) in enumerate(all_third_cells(), 1):
        name = f"示例微网格{i:02}", f"Example micro-grid {i:02}"
        yield _grid(f"l3-{i:02}", 3, *name, cell.ring(), f"l2-{parent:02}")


def all_third_cells() -> Iterator[tuple[int, Cell]]:
    """Each level-3 cell after the number of the level-2 grid it lies in."""
    for i, (cell, count) in enumerate(zip(second_cells(), THIRD_OF_SECOND, strict=True), 1):
        for third in third_cells(cell, count):
            yield i, third


def _grid(
    grid_id: str, level: int, zh: str, en: str, ring: Ring, parent: str = "", *, code: str = ""
) -> str:
    polygon = ", ".join(f"[{lon:.6f}, {lat:.6f}]" for lon, lat in ring)
    more = f", parent_id: {parent}" if parent else ""
    more += f', external_code: "{code}"' if code else ""
    names = f"{{zh: {zh}, en: {en}}}"
    return f"    - {{id: {grid_id}, level: {level}, name: {names}{more}, polygon: [{polygon}]}}"


class Place(NamedTuple):
    number: int
    kind: Kind
    serial: int
    """Of its kind."""
    at: Point
    community: int

    @property
    def site_id(self) -> str:
        return f"s{self.number:03}"

    @property
    def zh(self) -> str:
        return f"示例{self.kind.zh}{self.serial:02}"

    @property
    def en(self) -> str:
        return f"Example {self.kind.en} {self.serial:02}"


def places() -> list[Place]:
    """114 sites: two in each level-3 grid, a third in the first 14."""
    dice = random.Random(20260101)
    cells = list(all_third_cells())
    spots = [*cells, *cells, *cells[: SITES - 2 * len(cells)]]
    found: list[Place] = []
    for number, (community, cell) in enumerate(sorted(spots), 1):
        kind = KINDS[number % len(KINDS)]
        serial = 1 + sum(place.kind is kind for place in found)
        x = cell.x1 + (cell.x2 - cell.x1) * dice.uniform(0.1, 0.9)
        y = cell.y1 + (cell.y2 - cell.y1) * dice.uniform(0.1, 0.9)
        found.append(Place(number, kind, serial, ground(x, y), community))
    return found


def sites(towns: list[Place]) -> Iterator[str]:
    for place in towns:
        address = f"{{zh: 示例社区{place.community:02}示例路{place.number}号, "
        address += f"en: {place.number} Example Road}}"
        lon, lat = place.at
        yield (
            f"  - {{id: {place.site_id}, name: {{zh: {place.zh}, en: {place.en}}}, "
            f"address: {address}, lon: {lon:.6f}, lat: {lat:.6f}}}"
        )


def cameras(towns: list[Place]) -> Iterator[str]:
    serial = 0
    for place in towns:
        channels = 2 if place.number % 7 == 0 else 1
        for channel in range(1, channels + 1):
            serial += 1
            yield from _camera(place, channel, channels, serial)


def _camera(place: Place, channel: int, channels: int, serial: int) -> Iterator[str]:
    # Digits: area and access unit 51011600, industry, type 131 camera or 132 network camera,
    # network 0, serial.
    device = "131" if serial % 5 == 0 else "132"
    gb_id = f"51011600{place.kind.industry}{device}0{serial:06}"
    zh, en = place.zh, place.en
    if channels > 1:
        zh, en = f"{zh} {channel}号", f"{en} no. {channel}"
    host = f"192.0.2.{place.number}"
    yield f"  - id: {place.site_id}-{channel}"
    yield f"    name: {{zh: {zh}, en: {en}}}"
    yield f'    site_id: {place.site_id}\n    gb_id: "{gb_id}"'
    yield f'    url: "rtsp://${{HS_CAMERA_USER}}:${{HS_CAMERA_PASSWORD}}@{host}/ch{channel}/main"'
    if place.kind.zones:
        yield f"    zones: {place.kind.zones}"
    yield f"    rules: {place.kind.rules}"


def text() -> str:
    """The whole file."""
    towns = places()
    lines: list[Any] = [
        HEAD,
        "grids:",
        "  version: hs-example-1",
        "  valid_from: 2026-01-01T00:00:00+08:00",
        "  synthetic: true",
        "  grids:",
        "    # Level 1 crosses the borders of level 2: each level is looked up by its own shapes.",
        *grids(),
        "",
        "sites:",
        *sites(towns),
        "",
        "# Zones are placeholders: draw each on its camera's own picture.",
        "cameras:",
        *cameras(towns),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    if len(sys.argv) > 1:
        with open(sys.argv[1], "w", encoding="utf-8") as file:
            file.write(text())
    else:
        sys.stdout.write(text())
