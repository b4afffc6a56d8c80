"""`patrol accept-view`: a camera that was turned looks where it should."""

from typing import Annotated

import typer

from domain.errors import ConfigurationError
from edge.state.views import accept
from patrol.commands.output import ConfigOption, DataOption, console
from settings.loading import load


def accept_view(
    camera: Annotated[str, typer.Argument(help="The camera's id.")],
    config: ConfigOption = None,
    data: DataOption = None,
) -> None:
    """Let the worker learn a camera's view anew. On the worker's machine; it may go on running."""
    configuration = load(config, data_dir=data)
    known = [each.id for each in configuration.cameras]
    if camera not in known:
        names = ", ".join(known) or "none configured"
        raise ConfigurationError(f"expected a camera id ({names}), got {camera!r}")
    kept = accept(configuration, camera)
    said = "its view is learned anew" if kept else "no view was kept; it is learned at the start"
    console.print(f"{camera}: {said}")
