"""The words that rules look for, whatever the maker of a model calls them."""

from collections.abc import Iterable, Mapping

SAME: Mapping[str, tuple[str, ...]] = {
    "fire": ("火", "火焰", "明火", "火苗"),
    "smoke": ("烟", "烟雾", "浓烟"),
    "person": ("人", "人员", "行人"),
    "bicycle": ("自行车", "单车"),
    "motorcycle": ("摩托车",),
    "car": ("汽车", "小汽车", "轿车"),
    "bus": ("公交车", "大巴", "客车"),
    "truck": ("卡车", "货车"),
    "umbrella": ("伞", "雨伞", "遮阳伞"),
    "chair": ("椅子",),
    "bench": ("长椅",),
    "dining table": ("桌子", "餐桌"),
}
"""The names of COCO and of our own models, and their Chinese ones. No other English words: who
asked a model for parasols should find them under that name."""

_KNOWN = {other: word for word, others in SAME.items() for other in (word, *others)}


def rule_words(labels: Iterable[str]) -> tuple[str, ...]:
    """Class names as rules know them: Fire and 火焰 become fire. Names of which two would become
    one, and names of anything else, stay as they are."""
    labels = tuple(labels)
    meant = tuple(_KNOWN.get(label.strip().casefold(), label) for label in labels)
    return tuple(
        word if meant.count(word) == 1 else label for word, label in zip(meant, labels, strict=True)
    )
