"""YAML read within limits: a file of some hundred bytes cannot become billions of values, nor one
that holds itself. What cannot be a value is told with all else that is wrong, not alone."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from domain.documents import UnreadableText, read_text
from domain.masking import mask_secrets

DEEPEST = 40
"""Levels of mappings and lists within each other."""
MOST_NODES = 200_000
"""Values of a file, each counted as often as aliases repeat it."""
MOST_ALIASES = 5_000
LONGEST_SCALAR = 64 * 1024
"""Characters of one value."""
_LARGEST_BITS = 128
_IMPOSSIBLE = (ValueError, ArithmeticError, LookupError, AttributeError, TypeError)
"""What PyYAML raises for a value that its tag or its look does not allow."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """A value that cannot be, and where it stands (lines from 1 on)."""

    line: int
    message: str


class BoundedLoader(yaml.SafeLoader):
    """Counts while it composes, and collects in `wrong` what cannot be constructed; the text as it
    is written stands in for it."""

    texts_as_keys = False
    """Whether each key is the text that is written: ``on``, ``no`` and ``12`` too."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.wrong: list[Wrong] = []
        self._depth = self._nodes = self._aliases = 0
        self._open: set[str] = set()
        self._weights: dict[str, int] = {}

    def compose_node(self, parent: yaml.Node | None, index: Any) -> Any:
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent):
            self._count_alias(event)
            return super().compose_node(parent, index)
        anchor, before = event.anchor, self._nodes
        self._depth += 1
        self._count(1, event)
        if self._depth > DEEPEST:
            raise _too_much(event, f"expected at most {DEEPEST} levels within each other")
        if isinstance(event, yaml.ScalarEvent) and len(event.value) > LONGEST_SCALAR:
            raise _too_much(event, f"expected at most {LONGEST_SCALAR} signs in one value")
        if anchor:
            self._open.add(anchor)
            self.anchors.pop(anchor, None)  # the newest of a name counts
        node = super().compose_node(parent, index)
        if anchor:
            self._open.discard(anchor)
            self._weights[anchor] = self._nodes - before
        self._depth -= 1
        return node

    def _count_alias(self, event: yaml.AliasEvent) -> None:
        self._aliases += 1
        if event.anchor in self._open:
            raise _too_much(event, f"expected values that end, *{event.anchor} holds itself")
        if self._aliases > MOST_ALIASES:
            raise _too_much(
                event, f"expected at most {MOST_ALIASES} aliases such as *{event.anchor}"
            )
        self._count(self._weights.get(event.anchor or "", 1), event)

    def _count(self, nodes: int, event: yaml.Event) -> None:
        self._nodes += nodes
        if self._nodes > MOST_NODES:
            raise _too_much(event, f"expected at most {MOST_NODES} values, with those of aliases")

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            value = super().construct_object(node, deep=deep)
        except yaml.constructor.ConstructorError as error:
            words = f"{error.problem or error}"
            if words.startswith("could not determine a constructor"):
                words = f"unknown tag {node.tag}: write the value without one"
        except _IMPOSSIBLE as error:
            said = str(error) if isinstance(error, ValueError) else f"no {_kind(node)}"
            words = f"{_shortened(node.value)} cannot be read: {said}"
        else:
            if not isinstance(value, int) or value.bit_length() <= _LARGEST_BITS:
                return value
            words = f"expected a number of at most {_LARGEST_BITS} bits"
        self.recursive_objects.pop(node, None)
        self.wrong.append(Wrong(node.start_mark.line + 1, words))
        return node.value if isinstance(node, yaml.ScalarNode) else None

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Hashable, Any]:
        self.flatten_mapping(node)
        mapping: dict[Hashable, Any] = {}
        for key_node, value_node in node.value:
            key = self.construct_object(key_node, deep=True)
            if self.texts_as_keys and isinstance(key_node, yaml.ScalarNode):
                key = key_node.value
            if not isinstance(key, Hashable):
                words = "expected a plain key, got a list or mapping"
                self.wrong.append(Wrong(key_node.start_mark.line + 1, words))
                continue
            mapping[key] = self.construct_object(value_node, deep=deep)
        return mapping

    def flatten_mapping(self, node: Any) -> None:
        try:
            super().flatten_mapping(node)
        except yaml.constructor.ConstructorError as error:
            mark = error.problem_mark or node.start_mark
            self.wrong.append(
                Wrong(mark.line + 1, "expected a mapping, or a list of them, to merge")
            )
            node.value = [(k, v) for k, v in node.value if k.tag != "tag:yaml.org,2002:merge"]


def read_yaml(path: Path) -> Any:
    """What a YAML file says.

    Raises:
        UnreadableText: it is no text, or not YAML, or holds what cannot be.
    """
    text = read_text(path)
    try:
        loader = BoundedLoader(text)
        data = loader.get_single_data()
    except yaml.YAMLError as error:
        raise in_words(error, text) from error
    if loader.wrong:
        raise UnreadableText(loader.wrong[0].message, loader.wrong[0].line)
    return data


def in_words(error: yaml.YAMLError, text: str) -> UnreadableText:
    """What is wrong with the syntax of a text, where, and what would cure it."""
    if isinstance(error, yaml.reader.ReaderError):
        line = text.count("\n", 0, error.position) + 1
        sign = error.character
        code = ord(sign) if isinstance(sign, str) else int(sign)
        return UnreadableText(f"not valid YAML: the sign U+{code:04X} cannot stand in a text", line)
    mark, begun = getattr(error, "problem_mark", None), getattr(error, "context_mark", None)
    said = getattr(error, "problem", None) or str(error).splitlines()[0]
    line = mark.line + 1 if mark else 0
    if said.startswith(("expected at most", "expected values that")):
        return UnreadableText(said, line)
    lines = text.splitlines()
    cure = _cure(said, lines[max(line - 2, 0) : line])
    if begun is not None and begun.line + 1 < line:
        cure += f" (what it belongs to began on line {begun.line + 1})"
    return UnreadableText(f"not valid YAML: {cure}", line)


_CURES = (
    ("found character '\\t'", "a tab stands where only blanks may: write blanks"),
    ("mapping values are not allowed", "a second colon, or an indentation that does not fit: put "
     "the value in quotes, or indent the line like its neighbours"),
    ("could not find expected ':'", "expected a colon and a blank behind the key"),
    ("expected <block end>", "expected a line that is indented like those before it"),
    ("expected ',' or", "expected a comma, or the bracket that closes the list or mapping"),
    ("unexpected end of stream", "a quote is not closed"),
    ("expected the node content, but found '<stream end>'", "something in brackets is not closed"),
    ("found undefined alias", "a value that begins with * means an anchor, which is not there: put "
     "it in quotes"),
    ("unknown escape character", "a backslash in double quotes begins an escape: take single "
     "quotes"),
    ("that cannot start any token", "a value cannot begin with this sign: put it in quotes"),
    ("but found '<document end>'", "the line ... ends the file before it says anything"),
    ("but found another document", "expected one document, another one begins with ---"),
    ("expected '<document start>'", "expected the end of the file, something follows that is "
     "indented less, or not part of the mapping"),
    ("expected alphabetic or numeric character", "a value that begins with & or * means an anchor: "
     "put it in quotes"),
    ("found a tag", "a value that begins with ! means a tag: put it in quotes"),
)  # fmt: skip


_WIDE_SIGNS = {
    "：": "a colon and a blank behind the key", "，": "a comma", "｛": "{", "｝": "}", "［": "[",
    "］": "]", "－": "-", "＃": "#", "“": "plain quotes", "”": "plain quotes",
}  # fmt: skip
"""Signs of other keyboards that YAML takes for letters, and what is meant."""


def _cure(said: str, lines: Sequence[str]) -> str:
    """PyYAML's words, in ours, with the line that it means and the one before."""
    for sign, written in _WIDE_SIGNS.items():
        if any(sign in each and not each.lstrip().startswith("#") for each in lines):
            return f"here stands a full-width {sign} (U+{ord(sign):04X}), write {written}"
    if any(sign in each for each in lines for sign in "\u00a0\u3000\ufeff\u200b"):
        return "here stands a blank that is none of YAML's (U+3000, U+00A0 or such): write blanks"
    line = lines[-1] if lines else ""
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return "a tab indents this line: indent with blanks"
    return next((cure for words, cure in _CURES if words in said), said)


def _too_much(event: yaml.Event, message: str) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=message, problem_mark=event.start_mark)  # type: ignore[arg-type]


def _kind(node: yaml.Node) -> str:
    return str(node.tag).rpartition(":")[2]


def _shortened(value: Any) -> str:
    words = mask_secrets(repr(value))
    return words if len(words) <= 60 else f"{words[:57]}…"
