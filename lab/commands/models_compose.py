"""`patrol models compose`: pictures of composed fires, to learn from and to be measured on."""

from pathlib import Path
from typing import Annotated

import typer

from lab.footage.composed.folder import Order, write_composed
from lab.footage.sources import pictures_of
from patrol.commands.output import console, progress


def compose(
    out: Annotated[Path, typer.Argument(help="Written here: images/, labels/, data.yaml.")],
    count: Annotated[int, typer.Option(help="Pictures with fire or smoke.", min=0)] = 100,
    lures: Annotated[
        int, typer.Option(help="Pictures of what is mistaken for it: neon, sun, vests …", min=0)
    ] = 50,
    seed: Annotated[int, typer.Option(help="The same seed gives the same pictures.")] = 1,
    backgrounds: Annotated[
        list[str] | None,
        typer.Option(help="Folder or pattern, @FROM:TO for a part; else streets are painted."),
    ] = None,
    flames: Annotated[
        list[Path] | None,
        typer.Option(help="Labelled folder (0 fire, 1 smoke) to cut real flames from."),
    ] = None,
    cut_share: Annotated[
        float, typer.Option(help="Share of fires whose flames are real.", min=0, max=1)
    ] = 2 / 3,
) -> None:
    """Compose labelled pictures of fires, and of what is mistaken for them."""
    order = Order(
        fires=count,
        lures=lures,
        seed=seed,
        backgrounds=tuple(p for source in backgrounds or () for p in pictures_of(source)),
        flames=tuple(flames or ()),
        cut_share=cut_share,
    )
    with progress() as bar:
        task = bar.add_task("composing", total=count + lures)
        data = write_composed(order, out, lambda done, of: bar.update(task, completed=done))
    console.print(f"{count + lures} pictures; {data}", soft_wrap=True)
