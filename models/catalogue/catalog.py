"""The catalogue: which models there are, and their verified files."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter, ValidationError

from domain.documents import UnreadableText
from domain.errors import (
    ConfigurationError,
    ModelCorrupt,
    ModelError,
    ModelMissing,
    ModelShapeError,
)
from domain.words import first_in_words
from models.catalogue.bounded_yaml import read_yaml
from models.catalogue.entry import HeadKind
from models.catalogue.entry import ModelEntry as ModelEntry
from models.catalogue.files import blaming, copy_hashed, draft_in, settle, sha256_of, write_whole
from models.importing.newcomer import (
    Claims,
    check_source,
    described_entry,
    known_entry,
    model_name,
    try_out,
)
from models.letterbox import Image

BUILTIN_FILE = Path(__file__).parents[1] / "catalog.yaml"
CARRIED_FOLDER = "weights"
"""Beside the built-in catalogue: the files of those built-in models that the product carries."""
CATALOG_FILE = "catalog.yaml"
_ENTRIES = TypeAdapter(tuple[ModelEntry, ...])


class Catalog:
    """Models by name: those the product knows, and those imported into `models_dir`.

    A model may be known while its file is missing; `path` tells. The files of some known models are
    carried beside `builtin`. An imported entry, and an imported file, stands before a built-in one,
    so that a new version of the product does not take away the model that a town runs on.
    """

    def __init__(self, models_dir: Path | None, *, builtin: Path = BUILTIN_FILE) -> None:
        """Raises ConfigurationError when a catalogue file cannot be understood."""
        self._dir = models_dir
        self._carried_dir = builtin.parent / CARRIED_FOLDER
        self._builtin = _read(builtin)
        self._imported = _read(models_dir / CATALOG_FILE) if models_dir else {}

    def entries(self) -> tuple[ModelEntry, ...]:
        """All known models by name."""
        known = self._builtin | self._imported
        return tuple(known[name] for name in sorted(known))

    def get(self, name: str) -> ModelEntry:
        """Raises ModelMissing, naming the models there are."""
        for entry in self.entries():
            if entry.name == name:
                return entry
        names = ", ".join(entry.name for entry in self.entries())
        raise ModelMissing(
            f"no model {name} in the catalogue, expected one of: {names}; "
            f"bring it in with: patrol models import FILE --name {name}"
        )

    def path(self, name: str) -> Path:
        """The model's file, its size and hash just verified. Raises ModelMissing, ModelCorrupt."""
        entry = self.get(name)
        path = self._carried(entry) or self._folder / entry.file
        if not path.is_file():
            raise ModelMissing(
                f"model {name}: expected its file {path} ({entry.size_bytes} bytes), found none; "
                f"bring it in with: patrol models import FILE"
            )
        _verify(entry, path)
        return path

    def check(self, name: str) -> None:
        """Try a model out again, unless it is one that the product carries: it may have been
        registered before its values were looked at. Raises a ModelError as `import_file` does."""
        entry, path = self.get(name), self.path(name)
        if not self.carries(name) and try_out(entry, path) != entry:
            raise ModelShapeError(
                f"model {name}: its boxes are in 0-1, which was not known when it was brought in; "
                f"bring it in again with: patrol models import {path}"
            )

    def import_file(
        self,
        path: Path,
        *,
        name: str | None = None,
        head: HeadKind | None = None,
        labels: Iterable[str] | None = None,
        input_wh: tuple[int, int] | None = None,
        licence: str | None = None,
        origin: str | None = None,
        note: str | None = None,
        pictures: Sequence[Image] = (),
    ) -> ModelEntry:
        """Copy a model file into the folder, try it out, and register it.

        A file with a known hash needs no further facts; an ultralytics export describes itself;
        of others `head`, `labels` and, for open input sizes, `input_wh` must be said. It is tried
        in a process of its own, on drawn pictures and on `pictures` (h, w, 3) uint8 BGR, in which
        it had best find something: what its output means is read off the values. Importing the
        same file again changes nothing. Raises a ModelError for whatever does not fit; then
        nothing was registered and nothing is left behind.
        """
        claims = Claims(
            name=name,
            head=head,
            labels=tuple(labels) if labels is not None else None,
            input_wh=input_wh,
            licence=licence,
            origin=origin,
            note=note,
        )
        check_source(path)
        try:
            return self._bring_in(path, claims, pictures)
        except OSError as error:
            raise ModelError(f"{path}: cannot be copied into {self._folder}: {error}") from error

    def _bring_in(self, source: Path, claims: Claims, pictures: Sequence[Image]) -> ModelEntry:
        with draft_in(self._folder, ".onnx") as draft, blaming(source, draft):
            entry = self._entry_of(draft, source, copy_hashed(source, draft), claims, pictures)
            settle(draft, self._folder / entry.file)
        self._register(entry)
        return entry

    def _entry_of(
        self, draft: Path, source: Path, sha256: str, claims: Claims, pictures: Sequence[Image]
    ) -> ModelEntry:
        known = [entry for entry in self.entries() if entry.sha256 == sha256]
        known.sort(key=lambda entry: entry.name != claims.name)
        name = model_name(source, claims) if claims.name or not known else known[0].name
        self._refuse_clash(name, sha256, draft.stat().st_size, source)
        if not known:
            entry = described_entry(draft, source, name, sha256, claims, pictures)
            self._refuse_overwriting(entry, source)
            return entry
        entry = known_entry(known[0], source, claims)
        self._refuse_overwriting(entry, source)
        return try_out(entry, draft)

    def _refuse_clash(self, name: str, sha256: str, size_bytes: int, source: Path) -> None:
        """One name stands for one file for ever: incidents refer to it."""
        for entry in self.entries():
            if entry.name == name and entry.sha256 != sha256:
                raise ModelCorrupt(
                    f"{source}: the name {name} belongs to another file: {_expected(entry)}, "
                    f"got {size_bytes} bytes, sha256 {sha256}; if this should be that file, "
                    "copy it again; if it is another model, give it its own --name"
                )

    def _refuse_overwriting(self, entry: ModelEntry, source: Path) -> None:
        """Names that differ may still ask for one file: a_b.onnx is that of a model named a-b."""
        for other in self.entries():
            if other.file == entry.file and other.sha256 != entry.sha256:
                raise ModelError(
                    f"{source}: as {entry.name} it would lie in {entry.file}, which belongs to the "
                    f"model {other.name}; give it another --name"
                )

    def _register(self, entry: ModelEntry) -> None:
        # Read again: another import may have finished since.
        imported = _read(self._folder / CATALOG_FILE) | {entry.name: entry}
        rows = [imported[name].model_dump(mode="json") for name in sorted(imported)]
        text = yaml.safe_dump({"models": rows}, allow_unicode=True, sort_keys=False, width=100)
        write_whole(self._folder / CATALOG_FILE, text)
        self._imported = imported

    def carries(self, name: str) -> bool:
        """Whether this model's file is the one that came with the product."""
        return self._carried(self.get(name)) is not None

    def _carried(self, entry: ModelEntry) -> Path | None:
        """The carried file of a built-in entry, unless the same was imported."""
        carried = self._carried_dir / entry.file
        imported = self._dir is not None and (self._dir / entry.file).is_file()
        known = self._builtin.get(entry.name) == entry
        return carried if known and not imported and carried.is_file() else None

    @property
    def _folder(self) -> Path:
        if self._dir is None:
            raise ModelMissing("expected a folder of models, none is set")
        return self._dir


def _read(path: Path) -> dict[str, ModelEntry]:
    """The entries of a catalogue file by name; none if there is no such file."""
    try:
        data: Any = read_yaml(path) if path.exists() else {"models": ()}
        entries = _ENTRIES.validate_python(data["models"])
    except (UnreadableText, TypeError, KeyError) as error:
        raise ConfigurationError(
            f"{path}: expected a YAML file with a list `models`, got: {error}"
        ) from error
    except ValidationError as error:
        raise ConfigurationError(f"{path}: models.{first_in_words(error)}") from error
    return {entry.name: entry for entry in entries}


def _verify(entry: ModelEntry, path: Path) -> None:
    size_bytes = path.stat().st_size
    came = f"{size_bytes} bytes"
    if size_bytes == entry.size_bytes:
        sha256 = sha256_of(path)
        if sha256 == entry.sha256:
            return
        came += f", sha256 {sha256}"
    raise ModelCorrupt(
        f"model {entry.name}: {path} is {'truncated' if size_bytes < entry.size_bytes else 'wrong'}"
        f": {_expected(entry)}, got {came}; bring it in again with: patrol models import FILE"
    )


def _expected(entry: ModelEntry) -> str:
    return f"expected {entry.size_bytes} bytes, sha256 {entry.sha256}"
