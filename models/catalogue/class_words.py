"""The words that rules look for, whatever the maker of a model calls them."""

from collections.abc import Iterable

from domain.labels import WORDS

_KNOWN = {name: label for label, words in WORDS.items() for name in (label, *words.also)}
"""The names of COCO and of our own models, and their Chinese ones. No other English words: who
asked a model for parasols should find them under that name."""


def rule_words(labels: Iterable[str]) -> tuple[str, ...]:
    """Class names as rules know them: Fire and 火焰 become fire. Names of which two would become
    one, and names of anything else, stay as they are."""
    labels = tuple(labels)
    meant = tuple(_KNOWN.get(label.strip().casefold(), label) for label in labels)
    return tuple(
        word if meant.count(word) == 1 else label for word, label in zip(meant, labels, strict=True)
    )
