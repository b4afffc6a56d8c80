"""Options that are written with commas."""

import typer


def as_size(text: str | None) -> tuple[int, int] | None:
    """`640,384` as width and height. Raises BadParameter."""
    if text is None:
        return None
    try:
        width, height = (int(part) for part in text.split(","))
    except ValueError as error:
        raise typer.BadParameter(f"expected W,H such as 640,384, got {text!r}") from error
    return width, height
