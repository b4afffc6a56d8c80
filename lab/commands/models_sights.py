"""Negatives of the command line: labelled folders, plain folders, or clips."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from domain.errors import ConfigurationError
from lab.footage.labelled import LabelledPicture
from lab.footage.sources import Sight, is_clip, labelled_of
from models.detections import Detections
from streams.replay import replay

CLIP_EVERY_S = 2.0
"""As often as a camera is looked at."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

NegativesOption = Annotated[
    list[str] | None,
    typer.Option(
        help="Pictures without it: a folder, FOLDER@FROM:TO for a part, FOLDER=NAMES for what its "
        "labels mean (FOLDER= if none matters), or a clip, looked at every 2 s. Repeatable."
    ),
]


def sights(sources: Sequence[str]) -> Iterator[Sight]:
    """The pictures of all sources, one after another, each read when it is asked for.

    All sources are checked at once. Raises ConfigurationError for a source that names nothing,
    and StreamError, when its turn comes, for a clip that cannot be read.
    """
    folders = {source: labelled_of(source) for source in sources if not is_clip(source)}
    for source in sources:
        if source not in folders and not Path(source).is_file():
            raise ConfigurationError(f"{source}: expected a clip, there is no such file")
    return _read(sources, folders)


def _read(
    sources: Sequence[str], folders: Mapping[str, tuple[LabelledPicture, ...]]
) -> Iterator[Sight]:
    for source in sources:
        if source in folders:
            for picture in folders[source]:
                yield Sight(source, picture.path.name, picture.read(), picture.truth)
        else:
            yield from _frames(source)


def _frames(clip: str) -> Iterator[Sight]:
    for frame in replay(clip, look_every_s=CLIP_EVERY_S, start_at=_EPOCH):
        yield Sight(
            clip, f"{Path(clip).name} {frame.stream_s:.1f} s", frame.image(), Detections.empty()
        )
