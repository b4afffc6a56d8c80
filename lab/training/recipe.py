"""What a training run is made of, as it is written in a recipe file."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError

from domain.base import Settings
from domain.documents import UnreadableText
from domain.errors import ConfigurationError
from domain.words import first_in_words
from models.catalogue.bounded_yaml import read_yaml
from models.catalogue.entry import Side

Share = Annotated[float, Field(ge=0, le=1)]


class SetRecipe(Settings):
    """One folder of labelled pictures, and how much of it is taken.

    Sets are split by folder, by name and by runs of the sorted names, never at random: neighbours
    in a folder are often neighbours in a video.
    """

    folder: str
    """Below the data root; with images/ and labels/ in it."""
    names: tuple[str, ...] = ()
    """What its class ids mean; empty means the start model's own classes."""
    only: str = "*"
    """A glob over file names: one camera of several, say."""
    part: tuple[Share, Share] = (0.0, 1.0)
    """From where to where of the sorted names."""
    take: int | None = Field(default=None, ge=1)
    """So many of them, evenly spaced; all of them if nothing is said."""
    repeat: int = Field(default=1, ge=1)
    teach_smoke: bool = False
    """Let the fire teacher mark the smoke, because people marked only the fire."""
    tighten: bool = False
    """Where people drew wide boxes around flames, take those of the fire teacher that lie in
    them."""
    nothing: bool = False
    """A folder of pictures alone, without labels: nothing of `names` is in them."""


class ComposedRecipe(Settings):
    """Fires and what is mistaken for them, put into pictures; see `lab.footage.composed`."""

    fires: int = Field(default=0, ge=0)
    lures: int = Field(default=0, ge=0)
    seed: int = 1
    backgrounds: tuple[str, ...] = ()
    """Folders or patterns below the data root, with @FROM:TO for a part of them."""
    flames: tuple[str, ...] = ()
    """Folders of the recipe's sets that real flames are cut from."""


class TeacherRecipe(Settings):
    """How far the teachers are believed."""

    smoke: str
    """The fire teacher's ONNX file, below the data root."""
    smoke_labels: tuple[str, ...] = ("smoke", "fire")
    sure: Share = 0.5
    """From here a teacher's box is learned."""
    doubt: Share = 0.25
    """From here to `sure` it is neither learned nor denied: the place is painted over."""


class TrainRecipe(Settings):
    """The settings handed to ultralytics, and the time the training may take."""

    imgsz: Side = 448
    batch: int = Field(default=16, ge=1)
    hours: float | None = Field(default=None, gt=0)
    """Train this long, whatever `epochs` says."""
    epochs: int = Field(default=100, ge=1)
    lr0: float = Field(default=1e-3, gt=0)
    lrf: float = Field(default=0.05, gt=0)
    warmup_epochs: float = Field(default=0.5, ge=0)
    close_mosaic: int = Field(default=1, ge=0)
    """The last epochs see whole pictures."""
    mosaic: Share = 0.5
    scale: Share = 0.4
    hsv_h: Share = 0.015
    """Hues are turned by up to this share of the circle: some cameras see flames pink."""
    hsv_s: Share = 0.7
    """Colours are made paler or stronger by up to this share: at night some see no colour."""
    hardship: Share = 0.0
    """Share of the pictures that are made worse as a bad camera would; see
    `lab.training.hardships`."""
    freeze: int = Field(default=0, ge=0)
    """The first so many layers stay as they are: they cost most of a step and know most already."""
    distill: bool = True
    """The start model also looks at each picture, and what it sees there is not to be forgotten."""
    score_gain: float = Field(default=2.0, ge=0)
    """How much the start model's scores weigh beside the labels."""
    seed: int = 7


class Recipe(Settings):
    """A detector: what it starts from, what it knows, what it learns from."""

    name: str
    start: str
    """The start model's ONNX file, below the data root; a YOLO11n with COCO's classes."""
    labels: tuple[str, ...]
    input_wh: tuple[Side, Side] = (640, 384)
    light_boxes: bool = False
    """Box branches of depthwise and pointwise convolutions: a tenth faster, but two hours on two
    cores did not teach them the boxes of people anew (docs/decisions/)."""
    keep: Share = 0.0
    """Share of the weights that a training went on from in those that are exported: the mean of
    two networks of one descent is often better than either (Wortsman et al., Model soups, ICML
    2022)."""
    remember: Share = 0.3
    """Share of the start model in the weights that are exported."""
    sets: tuple[SetRecipe, ...]
    composed: ComposedRecipe = ComposedRecipe()
    validation: tuple[SetRecipe, ...]
    """Watched, never learned, and never used to choose among checkpoints."""
    teacher: TeacherRecipe
    train: TrainRecipe = TrainRecipe()


def read_recipe(path: Path) -> Recipe:
    """Raises ConfigurationError naming the file, the place in it and what came."""
    try:
        return Recipe.model_validate(read_yaml(path))
    except UnreadableText as error:
        words = f"{path}:{error.line}: expected a training recipe: {error}"
        raise ConfigurationError(words) from error
    except ValidationError as error:
        raise ConfigurationError(f"{path}: {first_in_words(error)}") from error
