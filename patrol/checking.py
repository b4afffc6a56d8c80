"""What `patrol check` finds: errors that stop the program, warnings that deserve a thought."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from domain.errors import ModelError
from models.catalog import Catalog
from models.runtime import abilities
from patrol.config import CameraSettings, Configuration
from patrol.contradictions import contradictions
from patrol.loading import read
from patrol.yamlfile import Location, Problem


@dataclass(frozen=True, slots=True)
class Report:
    """All that was found in one file."""

    errors: tuple[Problem, ...]
    warnings: tuple[Problem, ...] = ()
    cameras: int = 0
    sites: int = 0
    grids: int = 0


def check_file(path: Path, *, data_dir: Path | None = None) -> Report:
    """Check the configuration at `path`, with the models that lie in its data directory."""
    configuration, file, problems = read(path)
    if configuration is None:
        return Report(tuple(sorted(problems)))
    if data_dir is not None:
        configuration = configuration.model_copy(update={"data_dir": data_dir})
    found = [*contradictions(configuration), *_model_errors(configuration)]
    problems += [file.problem(*each) for each in found]
    warnings = [file.problem(*each) for each in _warnings(configuration)]
    grids = configuration.grids.grids if configuration.grids else ()
    return Report(
        errors=tuple(sorted(set(problems))),
        warnings=tuple(sorted(set(warnings))),
        cameras=len(configuration.cameras),
        sites=len(configuration.sites),
        grids=len(grids),
    )


def _model_errors(configuration: Configuration) -> Iterator[tuple[Location, str]]:
    try:
        Catalog(configuration.models_dir).path(configuration.detector.model)
    except ModelError as error:
        yield ("detector", "model"), str(error)


def _warnings(configuration: Configuration) -> Iterator[tuple[Location, str]]:
    if configuration.grids is None:
        yield ("grids",), "no grids: every case goes to the coordination office"
    yield from _detector_warnings(configuration)
    yield from _grid_warnings(configuration)
    labels = _labels(configuration)
    for index, camera in enumerate(configuration.cameras):
        for rule_id, said in _blind_rules(configuration, camera, labels):
            yield ("cameras", index, "rules", rule_id), said


def _detector_warnings(configuration: Configuration) -> Iterator[tuple[Location, str]]:
    """A provider that this machine lacks; the machine that runs the worker may have it."""
    for ability in abilities():
        if ability.provider == configuration.detector.provider and not ability.can:
            yield (
                ("detector", "provider"),
                f"{ability.provider} is not to be had on this machine ({ability.detail}); "
                "the next best takes its place",
            )


def _grid_warnings(configuration: Configuration) -> Iterator[tuple[Location, str]]:
    if configuration.grids is None:
        return
    for index, site in enumerate(configuration.sites):
        if not any(grid.contains(site.position) for grid in configuration.grids.grids):
            yield ("sites", index), f"site {site.id} lies in no grid"


def _labels(configuration: Configuration) -> frozenset[str] | None:
    try:
        return frozenset(Catalog(configuration.models_dir).get(configuration.detector.model).labels)
    except ModelError:
        return None


def _blind_rules(
    configuration: Configuration, camera: CameraSettings, labels: frozenset[str] | None
) -> Iterator[tuple[str, str]]:
    """Rules that wait for something the detector has no word for."""
    if labels is None:
        return
    for rule_id, rule in configuration.rules_of(camera).items():
        if not labels.intersection(rule.watched_labels):
            wanted = ", ".join(sorted(rule.watched_labels))
            model = configuration.detector.model
            yield rule_id, f"camera {camera.id}: the model {model} sees none of {wanted}"
