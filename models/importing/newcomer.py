"""From a file that somebody brings to a catalogue entry."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from domain.base import Value
from domain.errors import ModelCorrupt, ModelError, ModelMissing, ModelShapeError
from domain.words import details_of, in_our_words
from models.catalogue.class_words import rule_words
from models.catalogue.entry import HeadKind, ModelEntry
from models.catalogue.metadata import ExportMetadata
from models.importing.recognising import HEADS_UNTOLD, as_it_sees, told_by_values
from models.importing.trial import TRY_WITHIN_S, Trial
from models.letterbox import Image
from models.network import check_input
from models.sessions.graph import Shape


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
    if not source.is_file() or source.suffix.lower() != ".onnx":
        came = source.suffix or "a file without suffix"
        if not source.is_file():
            came = "a folder" if source.is_dir() else "a pipe or device"
        raise ModelError(
            f"{source}: expected an ONNX file (.onnx), got {came}; export it with format=onnx first"
        )
    if kind := _of_another_kind(source):
        raise ModelCorrupt(f"{source}: expected an ONNX file, this is {kind}")


_OTHER_KINDS = (
    (b"version https://git-lfs", "a pointer of Git LFS instead of the file: git lfs pull"),
    (b"PK\x03\x04", "an archive, such as PyTorch's .pt: export it with format=onnx, or unpack it"),
    (b"\x80\x02", "a pickle of PyTorch: export it with format=onnx"),
    (b"\x1f\x8b", "packed by gzip: unpack it"),
    (b"<", "a page of the web, such as an error or a login: fetch the file again"),
    (b"{", "JSON, such as an answer of a service: fetch the file again"),
)
"""How files begin that are often saved under a model's name. No ONNX file begins so: its first
sign is the tag of its first field."""


def _of_another_kind(source: Path) -> str:
    """What a file is that is no ONNX file, as far as its beginning tells it."""
    with source.open("rb") as file:
        head = file.read(32)
    if not head:
        return "empty"
    return next((kind for start, kind in _OTHER_KINDS if head.startswith(start)), "")


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
    draft: Path,
    source: Path,
    name: str,
    sha256: str,
    claims: Claims,
    pictures: Sequence[Image] = (),
) -> ModelEntry:
    """The entry of an unknown file: from the claims, then from the file's own metadata, then from
    what it gives for some pictures.

    Raises ModelShapeError saying which facts are missing, or why the values are not those of the
    head that the shapes let expect.
    """
    with Trial(draft, within_s=TRY_WITHIN_S) as trial:
        said = ExportMetadata.read(trial.metadata, str(source))
        labels = claims.labels or rule_words(said.labels)
        input_wh = claims.input_wh or said.input_wh or _static_wh(trial.input_shape)
        if not labels or input_wh is None:
            missing = [] if labels else ["--labels"]
            missing += [] if input_wh else ["--input-size"]
            raise ModelShapeError(
                f"{source}: an unknown model that does not describe itself; "
                f"give {' and '.join(missing)}"
            )
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
            "head": claims.head or said.head or HEADS_UNTOLD,
        }
        entry = _entry({key: fact for key, fact in facts.items() if fact is not None}, source)
        check_input(trial.input_shape, input_wh, str(source))
        if claims.head or said.head:
            return as_it_sees(trial, entry, source, pictures)
        return told_by_values(trial, entry, said, source, pictures)


def try_out(entry: ModelEntry, file: Path) -> ModelEntry:
    """Run the trial pictures through the head it is said to have, in a process of its own; the
    entry as its values show it. Raises ModelError as `described_entry` does."""
    with Trial(file, within_s=TRY_WITHIN_S) as trial:
        check_input(trial.input_shape, entry.input_wh, str(file))
        return as_it_sees(trial, entry, file, ())


def _static_wh(shape: Shape) -> tuple[int, int] | None:
    match shape:
        case (_, 3, int(height), int(width)):
            return width, height
        case _:
            return None


def _entry(facts: dict[str, Any], source: Path) -> ModelEntry:
    try:
        return ModelEntry.model_validate(facts)
    except ValidationError as error:
        first = details_of(error)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ModelError(f"{source}: {where}: {in_our_words(first)}") from error
