"""`patrol models gallery`: the worst mistakes of a detector, as a page to look at."""

from itertools import chain
from pathlib import Path
from typing import Annotated

import typer

from domain.errors import ConfigurationError
from lab.commands.models_sights import NegativesOption, sights
from lab.footage.labelled import read_folder
from lab.footage.sources import Sight
from lab.scores.gallery import gallery_page
from lab.scores.mistakes import MistakeBook, find_mistakes
from lab.scores.score import class_names, known_classes, open_for_scoring
from models.catalogue.catalog import Catalog
from models.catalogue.files import write_whole
from patrol.commands.output import ConfigOption, DataOption, console, progress, writable
from patrol.commands.tables import NamesOption, names_of
from settings.loading import load


def gallery(
    folder: Annotated[Path, typer.Argument(help="YOLO-labelled pictures: images/ and labels/.")],
    out: Annotated[
        Path, typer.Option(help="The page is written here.", dir_okay=False, callback=writable)
    ] = Path("gallery.html"),
    model: Annotated[str | None, typer.Option(help="Its name; else the configured one.")] = None,
    names: NamesOption = None,
    only: Annotated[
        str | None, typer.Option(help="Only these classes, commas between, e.g. fire,smoke.")
    ] = None,
    negatives: NegativesOption = None,
    confidence: Annotated[
        float, typer.Option(help="Boxes below do not count.", min=0.001, max=1)
    ] = 0.25,
    keep: Annotated[
        int, typer.Option(help="Pictures shown of each kind and class.", min=1, max=100)
    ] = 12,
    threads: Annotated[int, typer.Option(help="Threads of one run.", min=1)] = 1,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Write a page of the worst mistakes: false, missed and misplaced boxes of each class."""
    configuration = load(config, data_dir=data)
    catalog = Catalog(configuration.models_dir)
    detector = open_for_scoring(catalog, model or configuration.detector.model, threads)
    meanings, _ = class_names(detector, folder, names_of(names))
    known = known_classes(detector, meanings, folder)
    nothing = sights(negatives or ())
    marked = read_folder(folder, meanings)
    pictures = (Sight(str(folder), p.path.name, p.read(), p.truth) for p in marked)
    book = MistakeBook(_chosen(known, names_of(only)), confidence=confidence, keep=keep)
    with progress() as bar:
        task = bar.add_task("looking", total=None)
        find_mistakes(
            detector,
            chain(pictures, nothing),
            book,
            lambda done: bar.update(task, completed=done),
        )
    page = gallery_page(book, model=detector.ref.name, sources=[str(folder), *(negatives or ())])
    write_whole(out, page)
    console.print(f"{sum(book.counts.values())} mistakes in {book.pictures} pictures: {out}",
                  soft_wrap=True)  # fmt: skip


def _chosen(known: list[str], only: list[str] | None) -> list[str]:
    """The classes that mistakes are sought of, in the order in which they are known."""
    unknown = [label for label in only or () if label not in known]
    if unknown:
        raise ConfigurationError(
            f"--only: expected some of {', '.join(known)}, got {', '.join(unknown)}"
        )
    return [label for label in known if only is None or label in only]
