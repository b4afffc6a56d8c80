"""Models that can be fetched from where their makers publish them."""

from functools import cache
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

import yaml
from pydantic import Field, TypeAdapter, model_validator

from domain.base import Value
from domain.errors import ModelMissing
from domain.place import Id
from models.catalogue.entry import HeadKind, Sha256, Side

DOWNLOADS_FILE = Path(__file__).parents[1] / "downloads.yaml"


class Download(Value):
    """One file at its official address, and what is known of it before it is here."""

    name: Id
    url: Annotated[str, Field(pattern=r"^https?://.+\.(onnx|pt)$")]
    size_bytes: Annotated[int, Field(gt=0)] | None = None
    sha256: Sha256 | None = None
    checksum: Literal["agreed", "unknown"]
    """Where the SHA-256 comes from: downloads.yaml tells."""
    licence: str
    origin: str
    note: str = ""
    head: HeadKind | None = None
    labels: tuple[str, ...] | None = None
    input_wh: tuple[Side, Side] | None = None
    open_vocabulary: bool = False
    """Its classes are chosen when it is converted."""

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if (self.sha256 is None) != (self.checksum == "unknown"):
            raise ValueError(f"{self.name}: expected a sha256, or checksum: unknown")
        if not self.is_checkpoint and not (self.head and self.labels and self.input_wh):
            raise ValueError(f"{self.name}: expected head, labels and input_wh of an ONNX file")
        return self

    @property
    def file(self) -> str:
        """The bare name of the file."""
        return PurePosixPath(urlsplit(self.url).path).name

    @property
    def is_checkpoint(self) -> bool:
        """Needs converting to ONNX."""
        return self.file.endswith(".pt")


@cache
def downloads(path: Path = DOWNLOADS_FILE) -> tuple[Download, ...]:
    """All that can be pulled, in the order in which they are written down."""
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    return TypeAdapter(tuple[Download, ...]).validate_python(data["downloads"])


def download_named(name: str, known: tuple[Download, ...] | None = None) -> Download:
    """Raises ModelMissing, naming what can be pulled."""
    known = downloads() if known is None else known
    for download in known:
        if download.name == name:
            return download
    names = ", ".join(download.name for download in known)
    raise ModelMissing(f"no model {name} to pull, expected one of: {names}")
