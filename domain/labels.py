"""What detectors call things: the labels that rules look for, and what people call them.

One place for all: a rule, a case's kind and the pages must mean the same things by the same words.
A label that is not named here is one of a town's own detector, and stands for itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from domain.base import Text

PERSON = "person"
FLAMES = ("fire", "flame")
SMOKE = "smoke"
BUS = "bus"
MOTOR_VEHICLES = ("car", "truck", BUS, "van", "tricycle")
"""What the town's table calls motor vehicles, 0505 机动车乱停放."""
CYCLES = ("bicycle", "motorcycle")
"""What it calls 非机动车; light motorcycles are parked like bicycles."""
VEHICLES = (*MOTOR_VEHICLES, *CYCLES)
STALL_VEHICLE = "tricycle"
"""Sold from as often as driven."""
GOODS = (
    "umbrella", "chair", "bench", "dining table", "suitcase", "handbag", "backpack",
    "stall", "cart", "goods",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class LabelWords:
    """What people call a label."""

    shown: Text
    also: tuple[str, ...] = ()
    """Chinese class names of detectors that mean the same."""


def _words(zh: str, en: str, *also: str) -> LabelWords:
    return LabelWords(Text.of(zh, en), (zh, *also))


WORDS: Mapping[str, LabelWords] = {
    PERSON: _words("人", "person", "人员", "行人"),
    "bicycle": _words("自行车", "bicycle", "单车"),
    "motorcycle": _words("摩托车", "motorcycle"),
    "car": _words("汽车", "car", "小汽车", "轿车"),
    BUS: _words("客车", "bus", "公交车", "大巴"),
    "truck": _words("货车", "truck", "卡车"),
    "van": _words("面包车", "van"),
    "tricycle": _words("三轮车", "tricycle"),
    "fire": _words("火焰", "fire", "火", "明火", "火苗"),
    "flame": LabelWords(Text.of("火焰", "flame")),
    SMOKE: _words("烟", "smoke", "烟雾", "浓烟"),
    "umbrella": _words("伞", "umbrella", "雨伞", "遮阳伞"),
    "chair": _words("椅子", "chair"),
    "bench": _words("长椅", "bench"),
    "dining table": _words("桌子", "table", "餐桌"),
    "suitcase": _words("行李箱", "suitcase"),
    "handbag": _words("手提包", "handbag"),
    "backpack": _words("背包", "backpack"),
    "stall": _words("摊位", "stall", "摊点"),
    "cart": _words("推车", "cart", "手推车"),
    "goods": _words("货物", "goods"),
}


def label_words(label: str) -> Text:
    """What people call what the detector calls `label`; the label itself when unknown."""
    known = WORDS.get(label)
    return known.shown if known else Text.of(label, label)
