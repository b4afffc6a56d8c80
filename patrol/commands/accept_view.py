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
    worker_id = configuration.camera(camera).worker_id
    if worker_id is None:
        raise ConfigurationError(f"expected a camera that a worker takes, {camera} has none")
    kept = accept(configuration.share(worker_id).dir, camera)
    said = "its view is learned anew" if kept else "no view was kept; it is learned at the start"
    console.print(f"{camera}: {said}")
