"""What an export says of itself: the metadata that ultralytics writes into its ONNX files."""

import ast
import re
from collections.abc import Mapping
from typing import Any, get_args

from domain.base import Value
from domain.errors import ModelShapeError
from domain.masking import mask_secrets
from models.catalogue.entry import NOT_STATED, HeadKind, ModelEntry

DETECTION_TASK = "detect"
HEAD_KEY = "head"
"""Where our own exports say how their output is read; ultralytics' say nothing of it."""
MAX_LITERAL = 1 << 20
"""Characters of a value that is parsed."""
MAX_HINT = 4000
"""Characters of a value that is searched for a family's name."""
MAX_TOLD = 500
"""Characters of a licence or description that are kept."""
HINTS: Mapping[str, HeadKind] = {
    r"rt-?detr": "rtdetr",
    r"end2end|end-to-end|yolo_?v?(10|26)|'nms': True": "yolo26",
    r"yolo_?v?[57]": "yolov5",
    r"yolo_?v?(8|9|11|12)": "yolov8",
}
"""What exporters call their families in a description or among their arguments."""


class ExportMetadata(Value):
    """The part of an export's metadata that we use; empty fields were not given."""

    labels: tuple[str, ...] = ()
    input_wh: tuple[int, int] | None = None
    head: HeadKind | None = None
    hint: HeadKind | None = None
    """The head that its exporter's words let expect; no proof."""
    licence: str | None = None
    origin: str | None = None

    @classmethod
    def read(cls, metadata: Mapping[str, str], where: str) -> "ExportMetadata":
        """Read ONNX metadata. Raises ModelShapeError for an export that is not a detector."""
        check_task(metadata, where)
        return cls(
            labels=_labels(_literal(metadata, "names", where), where),
            input_wh=_input_wh(_literal(metadata, "imgsz", where), where),
            head=_head(metadata.get(HEAD_KEY), where),
            hint=_hint(metadata),
            licence=_told(metadata.get("license")),
            origin=_told(metadata.get("description")),
        )

    @classmethod
    def of(cls, entry: ModelEntry) -> "ExportMetadata":
        """What the catalogue knows of a model."""
        return cls(
            labels=entry.labels,
            input_wh=entry.input_wh,
            head=entry.head,
            licence=_stated(entry.licence),
            origin=_stated(entry.origin),
        )

    def written(self) -> dict[str, str]:
        """As ONNX metadata that `read` understands, where it is given."""
        facts = {
            "task": DETECTION_TASK,
            "names": str(dict(enumerate(self.labels))) if self.labels else None,
            "imgsz": str([*reversed(self.input_wh)]) if self.input_wh else None,
            HEAD_KEY: self.head,
            "license": self.licence,
            "description": self.origin,
        }
        return {key: fact for key, fact in facts.items() if fact is not None}


def _told(words: str | None) -> str | None:
    """What an exporter says, as a catalogue may show it: in one line of visible signs, not without
    end, and without a password."""
    if words is None:
        return None
    line = "".join(sign if sign.isprintable() else " " for sign in mask_secrets(words[:MAX_HINT]))
    return " ".join(line.split())[:MAX_TOLD]


def check_task(metadata: Mapping[str, str], where: str) -> None:
    """Raise ModelShapeError for an export that says it is no detector."""
    task = metadata.get("task", DETECTION_TASK)
    if task != DETECTION_TASK:
        raise ModelShapeError(
            f"{where}: expected an export with task {DETECTION_TASK!r}, got {task!r}"
        )


def _stated(words: str) -> str | None:
    return None if words == NOT_STATED else words


def _literal(metadata: Mapping[str, str], key: str, where: str) -> Any:
    """The value of a key written as a Python literal; None if the key is absent."""
    text = metadata.get(key)
    if text is None:
        return None
    if len(text) > MAX_LITERAL:
        raise ModelShapeError(
            f"{where}: metadata {key!r}: expected at most {MAX_LITERAL} characters, got {len(text)}"
        )
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError) as error:
        raise ModelShapeError(
            f"{where}: metadata {key!r}: expected a literal, got {text[:200]!r}"
        ) from error


def names_by_id(names: Any) -> tuple[str, ...]:
    """Class names in the order of their ids, as ultralytics writes them: {0: 'person', 1: …}, as
    JSON has them: {"0": "person"}, or a list. Raises ValueError for anything else."""
    if isinstance(names, list | tuple):
        names = dict(enumerate(names))
    if isinstance(names, dict) and all(isinstance(key, str) for key in names):
        names = {int(key): name for key, name in names.items() if key.isdecimal()}
    if not isinstance(names, dict) or set(names) != set(range(len(names))):
        raise ValueError(f"expected a name for each class id from 0 on, got {names!r}")
    return tuple(str(names[i]) for i in range(len(names)))


def _labels(names: Any, where: str) -> tuple[str, ...]:
    try:
        return () if names is None else names_by_id(names)
    except ValueError as error:
        raise ModelShapeError(f"{where}: metadata 'names': {error}") from error


def _head(said: str | None, where: str) -> HeadKind | None:
    kinds: tuple[HeadKind, ...] = get_args(HeadKind)
    for kind in kinds:
        if said == kind:
            return kind
    if said is None:
        return None
    raise ModelShapeError(
        f"{where}: metadata {HEAD_KEY!r}: expected one of {', '.join(kinds)}, got {said!r}; "
        "was it exported for a newer version?"
    )


def _hint(metadata: Mapping[str, str]) -> HeadKind | None:
    words = " ".join(metadata.get(key, "")[:MAX_HINT] for key in ("description", "args"))
    words += " end2end" if metadata.get("end2end") == "True" else ""
    found = (head for pattern, head in HINTS.items() if re.search(pattern, words, re.I))
    return next(found, None)


def _input_wh(imgsz: Any, where: str) -> tuple[int, int] | None:
    """The export writes height before width."""
    match imgsz:
        case None:
            return None
        case [int(height), int(width)]:
            return width, height
        case int(side) | [int(side)]:
            return side, side
        case _:
            raise ModelShapeError(
                f"{where}: metadata 'imgsz': expected [height, width], or one side, got {imgsz!r}"
            )
