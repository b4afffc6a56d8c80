"""Tables of words as the commands about models print them, and names as they take them."""

from typing import Annotated

import typer
from rich.table import Table

from models.catalogue.summary import Table as Words
from patrol.commands.output import console

NamesOption = Annotated[
    str | None, typer.Option(help="Class names in the order of their ids, commas between.")
]


def names_of(text: str | None) -> list[str] | None:
    return [name.strip() for name in text.split(",")] if text else None


def show(words: Words, *, sideways: bool = False) -> None:
    """A table of words; a single row of many columns is easier to read turned on its side."""
    titles = [
        f"{title.zh} {title.en}" if title.zh != title.en else title.zh for title in words.columns
    ]
    if sideways:
        table = Table("", "", show_header=False)
        for title, value in zip(titles, words.rows[0], strict=True):
            table.add_row(title, value)
    else:
        table = Table(*titles)
        for row in words.rows:
            table.add_row(*row)
    console.print(table)
