"""From a name to a model in the catalogue: fetched, converted if need be, tried out, registered."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import httpx

from domain.base import Value
from domain.errors import ModelCorrupt, ModelError, ModelUnreachable
from models.catalogue.catalog import Catalog
from models.catalogue.downloads import Download
from models.catalogue.entry import ModelEntry
from models.catalogue.extras import how_to_install
from models.catalogue.fetching import Patience, Progress, Wanted, fetch
from models.catalogue.files import sha256_of

FOLDER = "downloads"
"""Below the folder of models: what is being fetched, and checkpoints that wait for converting."""
CONVERTED_WH = 640, 384
"""The input of a converted checkpoint, unless told otherwise: for 16:9 pictures."""


class Convert(Protocol):
    """What makes an ONNX file of a checkpoint; without classes it keeps its own."""

    def __call__(
        self,
        checkpoint: Path,
        target: Path,
        input_wh: tuple[int, int],
        classes: Sequence[str] = (),
        *,
        half: bool = True,
        licence: str = ...,
    ) -> Path: ...


class Pulled(Value):
    """What came of it."""

    entry: ModelEntry
    sha256: str
    """Of the file that was fetched, which for a checkpoint is not the model's own."""
    verified: bool
    """Whether there was a hash to compare with."""
    was_here: bool = False
    """Nothing was fetched."""


def pull(
    catalog: Catalog,
    folder: Path,
    download: Download,
    http: httpx.Client,
    *,
    name: str | None = None,
    input_wh: tuple[int, int] | None = None,
    classes: Sequence[str] = (),
    progress: Progress | None = None,
    patience: Patience | None = None,
    convert: Convert | None = None,
) -> Pulled:
    """Fetch a model into `folder` and import it; called again, it goes on where it stopped. What
    is in the catalogue already is not fetched again.

    Raises ModelError as `fetch` and `Catalog.import_file` do, where the name is that of another
    model, and where a checkpoint cannot be converted here: then the checkpoint stays, and the
    message says what is missing.
    """
    _check_choice(download, input_wh, classes)
    name = name or download.name
    if (entry := _ready(catalog, name)) is not None:
        _check_same(entry, download, input_wh, classes)
        return Pulled(entry=entry, sha256=entry.sha256, verified=True, was_here=True)
    file = folder / FOLDER / download.file
    wanted = Wanted(download.url, download.size_bytes, download.sha256)
    if _is_here(file, wanted):
        sha256 = sha256_of(file)
    else:
        sha256 = _fetched(wanted, file, http, download, progress, patience)
    source = file
    with _dropping(file, download):
        if download.is_checkpoint:
            if convert is None:
                raise no_converter(file)
            source = convert(file, file.with_suffix(".onnx"), input_wh or CONVERTED_WH, classes)
        entry = catalog.import_file(
            source,
            name=name,
            head=download.head,
            labels=download.labels,
            input_wh=download.input_wh,
            licence=download.licence,
            origin=f"{download.origin}: {download.file}, sha256 {sha256}",
            note=download.note,
        )
    # A checkpoint that can find anything is kept: other classes may be wanted of it.
    for done in {source} if download.open_vocabulary else {source, file}:
        done.unlink(missing_ok=True)
    return Pulled(entry=entry, sha256=sha256, verified=download.sha256 is not None)


def no_converter(file: Path) -> ModelError:
    """Says what converts checkpoints: not this package, which only runs what was converted."""
    return ModelError(
        f"{file}: a checkpoint has to be converted to ONNX, which the extra [train] does; "
        f"{how_to_install('train')} and call this again, nothing is fetched twice; "
        "or take the file to a machine that has it: patrol models export FILE.pt"
    )


def _ready(catalog: Catalog, name: str) -> ModelEntry | None:
    """The model of this name, if its file is here and sound."""
    try:
        catalog.path(name)
    except ModelError:
        return None
    return catalog.get(name)


def _check_same(
    entry: ModelEntry, download: Download, input_wh: tuple[int, int] | None, classes: Sequence[str]
) -> None:
    """Raise ModelError if the model of that name is another than the one asked for."""
    same = (
        (entry.sha256 == download.sha256 or f" {download.file}" in entry.origin)
        and input_wh in (None, entry.input_wh)
        and tuple(classes) in ((), entry.labels)
    )
    if not same:
        width, height = entry.input_wh
        raise ModelError(
            f"{entry.name} is another model here ({entry.origin}; input {width},{height}; finds "
            f"{', '.join(entry.labels)}); give --name"
        )


@contextmanager
def _dropping(file: Path, download: Download) -> Iterator[None]:
    """Let go of a fetched file that turns out to be damaged, where no hash told it before: a page
    of the network's own, say. Else it would be taken for the right one the next time."""
    try:
        yield
    except ModelCorrupt:
        if download.sha256 is None:
            file.unlink(missing_ok=True)
        raise


def _check_choice(
    download: Download, input_wh: tuple[int, int] | None, classes: Sequence[str]
) -> None:
    if download.open_vocabulary and not classes:
        raise ModelError(
            f"model {download.name} finds what it is told to: expected --classes, such as "
            "--classes 'street stall,vendor cart,parasol'"
        )
    if classes and not download.open_vocabulary:
        raise ModelError(f"model {download.name} has its own classes; leave out --classes")
    if input_wh and not download.is_checkpoint:
        raise ModelError(f"model {download.name} has its own input size; leave out --input-size")


def _is_here(file: Path, wanted: Wanted) -> bool:
    """A file of an earlier pull that could not be converted then."""
    return file.is_file() and wanted.sha256 in (None, sha256_of(file))


def _fetched(
    wanted: Wanted,
    file: Path,
    http: httpx.Client,
    download: Download,
    progress: Progress | None,
    patience: Patience | None,
) -> str:
    try:
        return fetch(wanted, file, http, progress=progress, patience=patience)
    except ModelUnreachable as error:
        raise ModelUnreachable(f"{error}; {without_internet(download)}") from error


def without_internet(download: Download) -> str:
    """What to do where the address cannot be reached, as in most camera networks."""
    if download.is_checkpoint:
        return (
            "without Internet, pull it on a machine that has it, or fetch the file there and run: "
            f"patrol models export {download.file}; then bring the ONNX file here with: "
            f"patrol models import FILE.onnx --name {download.name}"
        )
    width, height = download.input_wh or (0, 0)
    labels = ",".join(download.labels or ())
    return (
        "without Internet, fetch the file elsewhere and bring it here with: "
        f"patrol models import {download.file} --name {download.name} --head {download.head} "
        f"--input-size {width},{height} --labels '{labels}' --licence {download.licence}"
    )
