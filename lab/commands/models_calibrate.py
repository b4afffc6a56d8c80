"""`patrol models calibrate`: how likely a fire track is a fire, and how far that is to trust."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, NamedTuple

import numpy as np
import typer

from domain.base import Text
from domain.errors import ConfigurationError
from domain.incident import IncidentKind
from lab.commands.measured import open_as_measured
from lab.trials.calibration import (
    LEAST_HITS,
    PENALTY,
    Sample,
    fit_of,
    left_out,
    reliability_of,
    tracks_in,
)
from lab.trials.evaluate import STARTS_AT, load_truth
from lab.trials.quiet import watch_quiet
from lab.trials.quiet_pictures import pictures_of
from lab.trials.recording import Recording
from lab.trials.truth import ClipTruth, Truth
from lab.trials.variant import ViewVariant
from models.catalogue.files import sha256_of, write_whole
from models.catalogue.summary import Table
from models.detector import Detector
from patrol.commands.output import (
    ConfigOption,
    DataOption,
    console,
    progress,
    writable,
)
from patrol.commands.tables import show
from settings.config import Configuration
from settings.loading import load
from vision.likelihood import FEATURES, Calibrator, FittedClip
from vision.rules.fire import FireRuleSettings
from vision.second_look.verdict import CROPS_HZ

TRUTH_FILE = "truth.yaml"
LEAST_SOURCES = 2
"""Of fires and of what is none: one of each is left out at a time."""


def calibrate(
    media_dir: Annotated[Path, typer.Argument(help="Folder of clips.", exists=True)],
    truth_file: Annotated[Path, typer.Option("--truth", help="What the clips show.", exists=True)],
    more: Annotated[
        list[Path] | None,
        typer.Option(
            "--with",
            help=f"Another folder of clips, with its {TRUTH_FILE} in it. Repeatable.",
            exists=True,
            file_okay=False,
        ),
    ] = None,
    variants: Annotated[int, typer.Option(help="So many variants of each clip.", min=1)] = 4,
    seed: Annotated[int, typer.Option(help="Draws the variants.", min=0)] = 0,
    out: Annotated[
        Path | None,
        typer.Option(help="Write the calibrator here.", dir_okay=False, callback=writable),
    ] = None,
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Fit how likely a fire track is a fire, and measure it on sources that were left out. From
    clips with and without fires and varied views of them; what is not shown to mean what it says
    stays in shadow, and says nothing to anybody."""
    configuration = load(config, data_dir=data)
    pairs = [(media_dir, truth_file), *((folder, folder / TRUTH_FILE) for folder in more or ())]
    lessons = [lesson for folder, truth in pairs for lesson in _lessons(folder, truth)]
    detector = open_as_measured(configuration)
    random = np.random.default_rng(seed)
    samples: list[Sample] = []
    with progress() as bar:
        task = bar.add_task("calibrating", total=len(lessons))
        for lesson in lessons:
            bar.update(task, description=lesson.clip.file)
            drawn = [ViewVariant.drawn(random, number) for number in range(variants)]
            samples += _samples(lesson, detector, drawn, configuration)
            bar.advance(task)
    _refuse_one_sided(samples)
    calibrator = _calibrator(samples, lessons, detector, variants, seed)
    if out is not None:
        write_whole(out, calibrator.model_dump_json(indent=1) + "\n")
    _print(calibrator)


class _Lesson(NamedTuple):
    """A clip that a fire rule watches and the detector sees."""

    file: Path
    clip: ClipTruth
    truth: Truth


def _lessons(folder: Path, truth_file: Path) -> Iterator[_Lesson]:
    truth = load_truth(truth_file)
    for clip in truth.clips:
        watched = any(rule.kind == "fire" for rule in truth.rules_of(clip).values())
        if watched and clip.boxes is None:
            yield _Lesson(folder / clip.file, clip, truth)


def _refuse_one_sided(samples: list[Sample]) -> None:
    """Raises ConfigurationError where nothing can be told from anything, or left out."""
    for fire, words in ((True, "fires"), (False, "what is no fire")):
        sources = {one.source for one in samples if one.fire is fire}
        if len(sources) < LEAST_SOURCES:
            seen = f"{len(sources)} ({', '.join(sorted(sources)) or '-'})"
            raise ConfigurationError(
                f"expected tracks of {words} in {LEAST_SOURCES} sources at least, to leave one "
                f"out; the detector saw some in {seen}"
                ": add clips of what it mistakes (--with), or more --variants"
            )


def _samples(
    lesson: _Lesson,
    detector: Detector,
    variants: list[ViewVariant],
    configuration: Configuration,
) -> Iterator[Sample]:
    clip, truth = lesson.clip, lesson.truth
    pictures = pictures_of(lesson.file, detector)
    begins = _fires_from_s(clip)
    for number, variant in enumerate(variants):
        recording = Recording()
        watch_quiet(
            clip,
            truth,
            pictures,
            variant,
            detector,
            hours=len(pictures) / CROPS_HZ / 3600,
            look_every_s=configuration.defaults.look_every_s,
            timezone=configuration.town.zone,
            looking=configuration.looking,
            recording=recording,
        )
        for at_s, track in tracks_in(recording, FireRuleSettings()):
            since_s = at_s - STARTS_AT.timestamp()
            if track.hits >= LEAST_HITS and (not begins or since_s >= min(begins)):
                hearth = f"{clip.file} {number} {track.number}"
                yield Sample(clip.source_name, hearth, at_s, track, bool(begins))


def _fires_from_s(clip: ClipTruth) -> list[float]:
    return [one.from_s for one in clip.incidents if one.kind is IncidentKind.FIRE]


def _calibrator(
    samples: list[Sample],
    lessons: list[_Lesson],
    detector: Detector,
    variants: int,
    seed: int,
) -> Calibrator:
    fit = fit_of(samples)
    return Calibrator(
        model=detector.ref,
        means=fit.means,
        scales=fit.scales,
        coefficients=fit.coefficients,
        intercept=fit.intercept,
        penalty=PENALTY,
        made_by=f"patrol models calibrate MEDIA --truth FILE --variants {variants} --seed {seed}",
        clips=tuple(_fitted(lesson, samples) for lesson in lessons),
        reliability=reliability_of(samples, left_out(samples)),
    )


def _fitted(lesson: _Lesson, samples: list[Sample]) -> FittedClip:
    clip = lesson.clip
    its = {one.hearth for one in samples if one.hearth.startswith(f"{clip.file} ")}
    return FittedClip(
        file=clip.file,
        sha256=sha256_of(lesson.file),
        source=clip.source_name,
        fire=bool(_fires_from_s(clip)),
        tracks=len(its),
    )


def _print(calibrator: Calibrator) -> None:
    columns = (Text.of("特征", "Feature"), Text.of("系数", "Coefficient, standardised"))
    rows = zip(FEATURES, calibrator.coefficients, strict=True)
    show(Table(columns, tuple((name, f"{value:+.2f}") for name, value in rows)))
    told, words = calibrator.reliability, calibrator.reliability.words
    console.print(f"{words.zh} · {words.en}")
    console.print(
        f"起火占 base rate {told.base_rate:.2f} · Brier {told.brier:.3f} · "
        f"模型 model {calibrator.model.name} {calibrator.model.sha256[:12]}"
    )
