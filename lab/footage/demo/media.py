"""The demo's clips: made once, kept while nothing that they are made of changes."""

import hashlib
import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from itertools import islice
from pathlib import Path

import streams.encode
from domain.errors import ConfigurationError
from lab.footage.demo import compose, fire, painter, recipes
from lab.footage.demo.recipes import FPS, RECIPES, Recipe
from streams.encode import read_video, write_video
from streams.frame import Image

MAX_WIDTH = 768
CLIP_SUFFIXES = (".mp4", ".avi", ".mkv", ".mov", ".m4v", ".ts", ".webm")

Progress = Callable[[str, int, int], None]
"""Called with a camera's name, pictures done, pictures in all."""


def make_media(
    clips: Sequence[Path],
    target: Path,
    *,
    cameras: Sequence[Recipe] = RECIPES,
    progress: Progress = lambda camera, done, of: None,
) -> dict[str, Path]:
    """Make each camera's clip in `target`, unless the one there is made of the same.

    Args:
        clips: the source. Of several, a camera gets the one that bears its name, or else they
            are dealt in turn.

    Returns:
        Each camera's clip.

    Raises:
        ConfigurationError: no clips, or one without pictures.
        StreamError: a clip cannot be read.
    """
    if not clips:
        raise ConfigurationError("expected at least one clip to make the demo's cameras of")
    target.mkdir(parents=True, exist_ok=True)
    made = {}
    for number, recipe in enumerate(cameras):
        source = _source_of(recipe.camera, number, clips)
        made[recipe.camera] = _fresh(source, target, recipe, progress)
    return made


def clips_in(folder: Path) -> list[Path]:
    """The clips of a folder, by name.

    Raises:
        ConfigurationError: there is none.
    """
    found = sorted(p for p in folder.glob("*") if p.suffix.lower() in CLIP_SUFFIXES)
    if not found:
        kinds = ", ".join(CLIP_SUFFIXES)
        raise ConfigurationError(f"{folder}: expected clips ({kinds}), found none")
    return found


def _source_of(camera: str, number: int, clips: Sequence[Path]) -> Path:
    named = [clip for clip in clips if clip.stem == camera]
    return named[0] if named else clips[number % len(clips)]


def _fresh(source: Path, target: Path, recipe: Recipe, progress: Progress) -> Path:
    path, note = target / f"{recipe.camera}.mp4", target / f"{recipe.camera}.made-of"
    key = _key(source, recipe)
    if path.exists() and note.exists() and note.read_text() == key:
        return path
    unfinished = target / f"{recipe.camera}.unfinished"
    _encode(source, unfinished, recipe, progress)
    unfinished.replace(path)
    note.write_text(key)
    return path


def _encode(source: Path, path: Path, recipe: Recipe, progress: Progress) -> None:
    looped = _looped(source, recipe.begins_s)
    size_wh = _size_of(next(_looped(source, 0)))
    pictures = recipe.pictures(islice(looped, recipe.count), size_wh)
    write_video(
        path,
        _counted(recipe, pictures, progress),
        size_wh=size_wh,
        fps=FPS,
        codec=recipe.codec,
        gop=recipe.gop,
        crf=recipe.crf,
        preset=recipe.preset,
    )


def _looped(source: Path, begins_s: float) -> Iterator[Image]:
    """The source's pictures from `begins_s` on, then over and over from its beginning."""
    yield from read_video(source, fps=FPS, start_s=begins_s)
    while True:
        some = False
        for picture in read_video(source, fps=FPS):
            some = True
            yield picture
        if not some:
            raise ConfigurationError(f"{source}: expected a video, got a file without pictures")


def _size_of(picture: Image) -> tuple[int, int]:
    """The picture's size, at most `MAX_WIDTH` wide, both sides even."""
    height, width = picture.shape[:2]
    scale = min(MAX_WIDTH / width, 1.0)
    return round(width * scale / 2) * 2, round(height * scale / 2) * 2


def _counted(recipe: Recipe, pictures: Iterator[Image], progress: Progress) -> Iterator[Image]:
    for done, picture in enumerate(pictures, start=1):
        yield picture
        progress(recipe.camera, done, recipe.count)


def _key(source: Path, recipe: Recipe) -> str:
    """Changes with the source, the recipe and the code that cooks."""
    values = {f.name: getattr(recipe, f.name) for f in fields(recipe) if f.name != "treat"}
    digest = hashlib.sha256(repr(values).encode())
    cooks = (compose, fire, painter, recipes, streams.encode)
    for path in (source, *(Path(inspect.getfile(module)) for module in cooks)):
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
