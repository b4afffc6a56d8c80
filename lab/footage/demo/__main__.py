"""`python -m lab.footage.demo`: make the demo's clips. `scripts/demo` calls it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from domain.errors import PatrolError
from lab.footage.demo.media import clips_in, make_media
from lab.footage.demo.source import PACKAGE, fetch_clip, find_clip

_console = Console(stderr=True)


def make(
    target: Annotated[Path, typer.Option(help="Where the clips go.")] = Path(".demo/media"),
    cache: Annotated[Path, typer.Option(help="Where the source clip is kept.")] = Path(
        ".demo/cache"
    ),
    media: Annotated[
        Path | None, typer.Option(help="A folder of clips of your own.", exists=True)
    ] = None,
) -> None:
    """Make the eight cameras' clips, from OpenCV's sample clip or from your own."""
    try:
        clips = [find_clip(cache) or _fetched(cache)] if media is None else clips_in(media)
        _make(clips, target)
    except PatrolError as error:
        _console.print(str(error), style="red", markup=False)
        raise typer.Exit(1) from error


def _make(clips: list[Path], target: Path) -> None:
    with _bar("{task.percentage:>3.0f} %") as bar:
        tasks: dict[str, TaskID] = {}

        def show(camera: str, done: int, of: int) -> None:
            if camera not in tasks:
                tasks[camera] = bar.add_task(f"making {camera}", total=of)
            bar.update(tasks[camera], completed=done)

        make_media(clips, target, progress=show)


def _fetched(cache: Path) -> Path:
    with _bar(DownloadColumn()) as bar:
        task = bar.add_task(f"fetching {PACKAGE}", total=None)
        return fetch_clip(
            cache, lambda done, of: bar.update(task, completed=done, total=of or None)
        )


@contextmanager
def _bar(column: str | DownloadColumn) -> Iterator[Progress]:
    shown = TextColumn(column) if isinstance(column, str) else column
    words = TextColumn("{task.description}")
    with Progress(words, BarColumn(), shown, TimeRemainingColumn(), console=_console) as progress:
        yield progress


if __name__ == "__main__":
    typer.run(make)
