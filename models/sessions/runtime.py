"""Which library runs a graph: what was asked for, or the next best, said aloud."""

from collections.abc import Callable, Mapping
from pathlib import Path

import structlog

from domain.base import Value
from domain.errors import ModelError, ModelMissing, ModelShapeError
from models.detector_settings import AskedProvider, Provider, RunSettings
from models.sessions import openvino_session, session
from models.sessions.bare import ORT_VERSION
from models.sessions.graph import Graph
from models.sessions.openvino_session import OpenvinoSession
from models.sessions.session import Session

NEXT_BEST: Mapping[Provider, tuple[Provider, ...]] = {
    "cpu": (),
    "openvino": ("cpu",),
    "cuda": ("cpu",),
    "tensorrt": ("cuda", "cpu"),
}
"""What takes a provider's place, in this order. openvino has two ways of its own: the package,
then onnxruntime's."""

log = structlog.get_logger(__name__)


class Ability(Value):
    """Whether this machine can run graphs on a provider, as far as its libraries tell."""

    provider: Provider
    can: bool
    detail: str = ""
    """Why not, and what would help."""


def versions() -> dict[str, str]:
    """The libraries that could run a graph on a processor here, with their versions."""
    own = {"openvino": openvino_session.version()} if not openvino_session.lacks() else {}
    return {"onnxruntime": ORT_VERSION, **own}


def abilities() -> tuple[Ability, ...]:
    """All providers. A card whose driver is missing shows itself only when a model is opened."""
    return tuple(_ability(provider) for provider in NEXT_BEST)


def open_graph(path: Path, settings: RunSettings) -> Graph:
    """Open an ONNX file on the provider of the settings, or on the next best one.

    A provider that was passed over is named, with its reason, in a warning and in `runs_on.why`.
    Raises ModelMissing, ModelCorrupt or ModelShapeError when the file is at fault.
    """
    passed: list[str] = []
    for provider in _in_turn(settings.provider):
        for way in _WAYS[provider]:
            try:
                graph = way(path, settings)
            except (ModelMissing, ModelShapeError):
                raise
            except ModelError as error:
                if provider == "cpu":
                    raise
                passed.append(str(error))
            else:
                return _told(graph, settings, passed, path)
    raise AssertionError("every provider ends at cpu")


def _in_turn(asked: AskedProvider) -> tuple[Provider, ...]:
    """Who is tried, the best first."""
    if asked == "auto":
        return ("openvino", "cpu") if _ability("openvino").can else ("cpu",)
    return (asked, *NEXT_BEST[asked])


def _told(graph: Graph, settings: RunSettings, passed: list[str], path: Path) -> Graph:
    """Say what is not as it was asked for."""
    on = graph.runs_on
    why = passed if on.provider != _in_turn(settings.provider)[0] else []
    if settings.precision not in ("auto", on.precision):
        why = [*why, f"{on.provider} here computes in {on.precision}, not {settings.precision}"]
    if why:
        graph.runs_on = on.model_copy(update={"why": "; ".join(why)})
        log.warning(
            "the detector does not run as asked",
            asked=f"{settings.provider} {settings.precision}",
            runs_on=f"{on.provider} {on.precision}",
            model=path.name,
            why=graph.runs_on.why,
        )
    return graph


def _openvino(path: Path, settings: RunSettings) -> Graph:
    return OpenvinoSession.open(path, settings)


def _onnxruntime(provider: Provider) -> Callable[[Path, RunSettings], Graph]:
    return lambda path, settings: Session.open_on(provider, path, settings)


_WAYS: Mapping[Provider, tuple[Callable[[Path, RunSettings], Graph], ...]] = {
    "cpu": (_onnxruntime("cpu"),),
    "openvino": (_openvino, _onnxruntime("openvino")),
    "cuda": (_onnxruntime("cuda"),),
    "tensorrt": (_onnxruntime("tensorrt"),),
}


def _ability(provider: Provider) -> Ability:
    lack = session.lacks(provider)
    if lack and provider == "openvino":
        lack = openvino_session.lacks()
    return Ability(provider=provider, can=not lack, detail=lack)
