"""From a file that somebody brings to a catalogue entry."""

import re
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from domain.base import Value
from domain.errors import ModelError, ModelMissing, ModelShapeError
from models.detections import Floats
from models.entry import HeadKind, ModelEntry
from models.heads import BINS, HEADS
from models.metadata import ExportMetadata
from models.network import Network, blank_run, check_input
from models.session import Session


class Claims(Value):
    """What the importer says of the file; None where nothing is said."""

    name: str | None = None
    head: HeadKind | None = None
    labels: tuple[str, ...] | None = None
    input_wh: tuple[int, int] | None = None
    licence: str | None = None
    origin: str | None = None
    note: str | None = None

    @property
    def said(self) -> dict[str, Any]:
        return self.model_dump(exclude_none=True)


def model_name(source: Path, claims: Claims) -> str:
    """The name asked for, or one made from the file's: yolo11n_coco.onnx → yolo11n-coco."""
    made = re.sub(r"[^A-Za-z0-9.]+", "-", source.stem).strip("-.")
    return claims.name or made


def check_source(source: Path) -> None:
    """Raises ModelMissing or ModelError for what cannot be a model file."""
    if not source.exists():
        raise ModelMissing(f"{source}: expected an ONNX file, found none")
    if source.is_dir() or source.suffix.lower() != ".onnx":
        came = "a folder" if source.is_dir() else source.suffix or "a file without suffix"
        raise ModelError(
            f"{source}: expected an ONNX file (.onnx), got {came}; export it with format=onnx first"
        )


def known_entry(known: ModelEntry, source: Path, claims: Claims) -> ModelEntry:
    """The entry of a file whose hash is known. Raises ModelError if a claim contradicts it."""
    for field in ("head", "labels", "input_wh"):
        claimed = claims.said.get(field)
        if claimed not in (None, getattr(known, field)):
            raise ModelError(
                f"{source}: this file is known as {known.name}: expected {field} "
                f"{getattr(known, field)}, got {claimed}; leave it out, "
                "or take the entry out of catalog.yaml to describe the file anew"
            )
    if claims.name in (None, known.name):
        return known
    renamed = {"name": claims.name, "file": f"{claims.name}.onnx"}
    return _entry({**known.model_dump(), **renamed}, source)


def described_entry(
    draft: Path, source: Path, name: str, sha256: str, claims: Claims
) -> ModelEntry:
    """The entry of an unknown file: from the claims, then from the file's own metadata.

    Opens the file and runs one blank picture to see its shapes. Raises ModelShapeError saying
    which facts are missing.
    """
    session = Session.open(draft)
    said = ExportMetadata.read(session.metadata, str(source))
    labels = claims.labels or said.labels
    input_wh = claims.input_wh or said.input_wh or _static_wh(session)
    if not labels or input_wh is None:
        missing = [] if labels else ["--labels"]
        missing += [] if input_wh else ["--input-size"]
        raise ModelShapeError(
            f"{source}: an unknown model that does not describe itself; "
            f"give {' and '.join(missing)}"
        )
    check_input(session.input_shape, input_wh, str(source))
    head = claims.head or said.head or _guess_head(session, input_wh, len(labels), source)
    facts = {
        "licence": said.licence,
        "origin": said.origin,
        **claims.said,
        "name": name,
        "file": f"{name}.onnx",
        "sha256": sha256,
        "size_bytes": draft.stat().st_size,
        "labels": labels,
        "input_wh": input_wh,
        "head": head,
    }
    return _entry({key: fact for key, fact in facts.items() if fact is not None}, source)


def try_out(entry: ModelEntry, draft: Path) -> None:
    """Open the file and run one blank picture through the head it is said to have."""
    Network.open(entry, draft)


def _static_wh(session: Session) -> tuple[int, int] | None:
    match session.input_shape:
        case (_, 3, int(height), int(width)):
            return width, height
        case _:
            return None


def _guess_head(
    session: Session, input_wh: tuple[int, int], classes: int, source: Path
) -> HeadKind:
    """Ultralytics' heads are told apart by their output; YOLOX has to be named."""
    output: Floats = blank_run(session, input_wh, str(source))
    if output.ndim == 3 and session.metadata:
        if output.shape[1] == 4 + classes:
            return "yolov8"
        if output.shape[1] == 4 * BINS + classes:
            return "yolo-dfl"
        if output.shape[2] == 6:
            return "yolo26"
    raise ModelShapeError(
        f"{source}: cannot tell the head from an output of shape {list(output.shape)} "
        f"with {classes} classes; give --head {', '.join(HEADS)}"
    )


def _entry(facts: dict[str, Any], source: Path) -> ModelEntry:
    try:
        return ModelEntry.model_validate(facts)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ModelError(f"{source}: {where}: {first['msg']}, got {first['input']!r}") from error
