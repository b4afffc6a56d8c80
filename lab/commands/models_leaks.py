"""`patrol models leaks`: whether a training saw what its scores are measured on."""

from pathlib import Path
from typing import Annotated

import typer

from domain.base import Text
from lab.scores.leaks import CLIP_EVERY_S, LIMIT, Leak, LeakReport, hashed, leaks_between
from lab.scores.likeness import BITS
from models.catalogue.files import write_whole
from models.catalogue.summary import Table
from patrol.commands.output import JsonFileOption, console, progress, writable, write_json
from patrol.commands.tables import show

SHOWN = 20
"""Pairs that are printed; the JSON and the list have all."""


def leaks(
    train: Annotated[
        str, typer.Argument(help="Training pictures: a folder, FOLDER@FROM:TO, a pattern, a clip.")
    ],
    evaluated: Annotated[
        list[str],
        typer.Argument(
            metavar="EVAL...", help="What scores are measured on: the same, or folders of clips."
        ),
    ],
    limit: Annotated[
        int, typer.Option(help=f"Bits of {BITS} that a leak may differ by.", min=0, max=BITS)
    ] = LIMIT,
    clip_every_s: Annotated[
        float, typer.Option("--clip-every", help="Seconds between frames of a clip.", min=0.04)
    ] = CLIP_EVERY_S,
    leave_out: Annotated[
        Path | None,
        typer.Option(
            "--write",
            help="Write the training pictures that leak into this file, one a line.",
            dir_okay=False,
            callback=writable,
        ),
    ] = None,
    json_file: JsonFileOption = None,
) -> None:
    """Check that no training picture looks like one that scores are measured on. None may lie
    within 40 of the 256 bits of a difference hash of an evaluation picture, or of a frame of an
    evaluation clip; the nearest pairs are named, and the exit code is 1 if one does."""
    with progress() as bar:
        task = bar.add_task("hashing", total=None)

        def on_progress(source: str, done: int) -> None:
            bar.update(task, description=f"hashing {source}", completed=done)

        learned = hashed([train], on_progress, clip_every_s=clip_every_s)
        measured = hashed(evaluated, on_progress, clip_every_s=clip_every_s)
        bar.update(task, description="comparing")
        report = leaks_between(learned, measured, limit=limit)
    if json_file is not None:
        write_json(json_file, report.model_dump(mode="json"))
    if leave_out is not None:
        write_whole(leave_out, "".join(f"{leak.train}\n" for leak in report.leaks))
    _print(report)
    if report.leaks:
        raise typer.Exit(1)


def _print(report: LeakReport) -> None:
    nearest = () if report.nearest is None else (report.nearest,)
    pairs = report.leaks[:SHOWN] or nearest
    show(_table(pairs))
    counted = f"{report.train} × {report.evaluated}"
    if report.leaks:
        console.print(
            f"泄漏 {len(report.leaks)} 张 leaks: {len(report.leaks)} of {counted} pictures within "
            f"{report.limit_bits} of {report.of_bits} bits"
        )
    else:
        console.print(
            f"无泄漏 no leak: {counted} pictures, none within {report.limit_bits} of "
            f"{report.of_bits} bits"
        )


def _table(pairs: tuple[Leak, ...]) -> Table:
    columns = (
        Text.of("相差位数", "Bits apart"),
        Text.of("训练图片", "Training picture"),
        Text.of("评测图片", "Evaluation picture"),
    )
    return Table(columns, tuple((str(pair.bits), pair.train, pair.evaluated) for pair in pairs))
