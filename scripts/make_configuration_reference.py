#!/usr/bin/env python3
"""Write docs/configuration-reference.md: every key of the configuration file, from the settings
themselves, so that the page cannot say anything else than the program.

usage: scripts/make_configuration_reference.py [FILE]      without FILE: to standard output
"""

import ast
import inspect
import json
import sys
from collections.abc import Iterator
from enum import Enum
from itertools import pairwise
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from pydantic import BaseModel, SecretStr  # noqa: E402
from pydantic.fields import FieldInfo  # noqa: E402
from pydantic_core import PydanticUndefined  # noqa: E402

from cases.case_settings import (  # noqa: E402
    CaseSettings,
    EmergencySettings,
    KindSettings,
    KindVariant,
    ReportedSettings,
    StageLimits,
    UrgentStageLimits,
)
from domain.base import Text  # noqa: E402
from domain.place import Grid, GridPlan, Site  # noqa: E402
from settings.approvals import Approval  # noqa: E402
from settings.townfile import (  # noqa: E402
    CameraSettings,
    Defaults,
    LookHours,
    ShareSettings,
    TownFile,
)
from vision.rule_register import (  # noqa: E402
    CrowdingRuleSettings,
    FireLaneRuleSettings,
    FireRuleSettings,
    GenericRuleSettings,
    GoodsRuleSettings,
    ParkingRuleSettings,
    RoadOccupationRuleSettings,
    StallsRuleSettings,
    ZoneSettings,
)
from vision.rules.baseline import BaselineSettings  # noqa: E402
from vision.rules.crowding import CrowdLimit  # noqa: E402
from vision.rules.ground_plane import GroundPlaneSettings  # noqa: E402
from vision.schedule import Window  # noqa: E402

HEAD = """\
# 配置项参考 · Configuration reference

Made by `scripts/make_configuration_reference.py docs/configuration-reference.md` from the
settings themselves; a test keeps it true. How they are used: [configuration.md](configuration.md).
A key that is not listed here is an error, and `patrol check FILE` says on which line it stands.
"""
SECTIONS = (
    "town", "bus", "database", "detector", "streams", "picture", "second_look", "attention",
    "unchanged_looks", "first_looks", "evidence", "console", "worker",
)  # fmt: skip
MORE: tuple[tuple[str, str, type[BaseModel]], ...] = (
    ("workers.ID", "分工 · which cameras a worker takes", ShareSettings),
    ("defaults", "默认值 · what a camera gets unless it says otherwise", Defaults),
    ("approvals.NAME", "审批 · what is allowed beside public safety, by rule", Approval),
    ("cameras[]", "摄像机 · one camera", CameraSettings),
    ("look_hours[]", "分时段巡看 · promises by the hour, of cameras and defaults", LookHours),
    ("cameras[].zones[]", "区域 · one zone of a camera", ZoneSettings),
    ("cameras[].rules.fire", "烟火 · fire", FireRuleSettings),
    ("cameras[].rules.road_occupation", "占道 · road occupation", RoadOccupationRuleSettings),
    ("cameras[].rules.parking", "违停 · parking", ParkingRuleSettings),
    ("cameras[].rules.fire_lane", "消防通道 · fire lane", FireLaneRuleSettings),
    ("cameras[].rules.stalls", "占道经营 · stalls", StallsRuleSettings),
    ("cameras[].rules.goods", "乱堆物料与共享单车 · goods and bikes", GoodsRuleSettings),
    ("cameras[].rules.crowding", "聚集 · crowding", CrowdingRuleSettings),
    ("cameras[].rules.crowding.limits[]", "分时段限值 · limits by the hour", CrowdLimit),
    ("cameras[].rules.crowding.ground", "地面标定 · the ground plane", GroundPlaneSettings),
    ("cameras[].rules.crowding.baseline", "常态 · what is usual by the hour", BaselineSettings),
    ("cameras[].rules.generic", "布控 · anything a configuration names", GenericRuleSettings),
    ("schedule[]", "时段 · hours, of zones and rules", Window),
    ("sites[]", "点位 · one site", Site),
    ("grids", "网格方案 · the grid plan", GridPlan),
    ("grids.grids[]", "网格 · one grid", Grid),
    ("cases", "案件 · how incidents become cases", CaseSettings),
    ("cases.kinds.KIND", "案件种类 · what a case of one kind gets", KindSettings),
    (
        "cases.reported",
        "上报案件 · what a reported case gets by default",
        ReportedSettings,
    ),
    ("cases.emergency", "应急上报 · the same for emergency reports", EmergencySettings),
    ("cases.stages", "时限 · how long each stage may last", StageLimits),
    ("cases.urgent_stages", "急事时限 · the same for urgent matters", UrgentStageLimits),
    ("cases.kinds.KIND.variants[]", "变体 · what differs for some of a kind", KindVariant),
)


def text() -> str:
    """The whole page."""
    parts = [HEAD]
    for name in SECTIONS:
        model = TownFile.model_fields[name].annotation
        assert isinstance(model, type)
        assert issubclass(model, BaseModel)
        parts.append(_section(name, "", model))
    parts += [_section(*more) for more in MORE]
    return "\n".join(parts)


def _section(key: str, title: str, model: type[BaseModel]) -> str:
    about = inspect.cleandoc(model.__doc__ or "").split("\n\n")[0].replace("\n", " ")
    lines = [f"## `{key}`" + (f" {title}" if title else ""), "", about, ""]
    lines += ["| key | default | meaning |", "|---|---|---|", *_rows(model), ""]
    return "\n".join(lines)


def _rows(model: type[BaseModel]) -> Iterator[str]:
    docs = _docstrings(model)
    for name, field in model.model_fields.items():
        meaning = field.description or docs.get(name, "")
        cell = " ".join(meaning.split()).replace("|", "\\|").replace("<", "&lt;")
        yield f"| `{field.alias or name}` | {_default(field)} | {cell} |"


def _docstrings(model: type[BaseModel]) -> dict[str, str]:
    """The words below each field, of a model that does not collect them itself."""
    found: dict[str, str] = {}
    for base in reversed(model.__mro__):
        if issubclass(base, BaseModel) and base is not BaseModel:
            found |= _words_below(base)
    return found


def _words_below(model: type[BaseModel]) -> dict[str, str]:
    [body] = [
        node.body
        for node in ast.parse(inspect.getsource(model)).body
        if isinstance(node, ast.ClassDef)
    ]
    return {
        field.target.id: words.value.value
        for field, words in pairwise(body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(words, ast.Expr)
        and isinstance(words.value, ast.Constant)
        and isinstance(words.value.value, str)
    }


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if value is PydanticUndefined:
        return ""
    if isinstance(value, Text):
        return f"{value.zh} · {value.en}".strip(" ·")
    if isinstance(value, BaseModel) or (isinstance(value, dict) and value):
        return "see below"
    return f"`{_plain(value)}`"


def _plain(value: Any) -> str:
    if isinstance(value, SecretStr | Path):
        value = str(value)
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return json.dumps(value, ensure_ascii=False, default=str)


if __name__ == "__main__":
    if any(word.startswith("-") for word in sys.argv[1:]):
        sys.exit(str(__doc__).strip())
    if len(sys.argv) > 1:
        Path(sys.argv[1]).write_text(text(), encoding="utf-8")
    else:
        sys.stdout.write(text())
