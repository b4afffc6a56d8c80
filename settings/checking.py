"""What `patrol check` finds: errors that stop the program, warnings that deserve a thought."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from cases.database import check_address
from domain.clock import SystemClock
from domain.errors import ConfigurationError, ModelError
from events_bridge.connection import connect
from models.catalogue.catalog import Catalog
from models.detector_settings import DetectorSettings
from models.sessions.graph import way_words
from models.sessions.runtime import abilities
from models.tuning.tuner import Tuner
from settings.approvals import approval_of, by_rule
from settings.camera import Camera
from settings.config import Configuration
from settings.doubts import doubts, missing_files
from settings.loading import read
from settings.yamlfile import Location, Problem


@dataclass(frozen=True, slots=True)
class Report:
    """All that was found in one file."""

    errors: tuple[Problem, ...]
    warnings: tuple[Problem, ...] = ()
    cameras: int = 0
    detect_streams: int = 0
    """Cameras that are looked at on a second stream."""
    sites: int = 0
    grids: int = 0
    shares: Mapping[str, int] = field(default_factory=dict)
    """How many enabled cameras each worker takes, by its id."""
    computes: str = ""
    """How looks are computed on this machine, as far as it is known."""


def check_file(path: Path, *, data_dir: Path | None = None, at: datetime | None = None) -> Report:
    """Check the configuration at `path`, with the models that lie in its data directory, as it
    would hold at a time (default now)."""
    at = at or SystemClock().now()
    reading = read(path)
    problems = list(reading.problems)
    if reading.town is None:
        return Report(tuple(sorted(problems)), tuple(sorted(reading.doubts)))
    configuration = Configuration.of(reading.town, data_dir=data_dir)
    ids = {camera.id for camera in configuration.cameras}
    found = [*_model_errors(configuration), *missing_files(configuration, ids)]
    problems += reading.told([*found, *_address_errors(configuration)])
    warnings = [*reading.doubts, *reading.told(_warnings(configuration, at))]
    grids = configuration.grids.grids if configuration.grids else ()
    return Report(
        errors=tuple(sorted(set(problems))),
        warnings=tuple(sorted(set(warnings))),
        cameras=len(configuration.cameras),
        detect_streams=sum(camera.detect_address is not None for camera in configuration.cameras),
        sites=len(configuration.sites),
        grids=len(grids),
        shares={id_: len(configuration.share(id_).cameras) for id_ in configuration.worker_ids},
        computes=_computes(configuration),
    )


def _computes(configuration: Configuration) -> str:
    """`cpu fp32, 1 thread (measured)`; nothing is measured for it."""
    try:
        models_dir = configuration.models_dir
        chosen = Tuner(Catalog(models_dir), models_dir).known(configuration.detector)
    except (ModelError, ConfigurationError):  # which is told where it is looked for
        return ""
    if chosen.by == "default":
        return "not measured yet"
    settings = chosen.settings
    way = way_words(settings.provider, settings.precision, settings.run_threads)
    return f"{way} ({chosen.by})"


def _address_errors(configuration: Configuration) -> Iterator[tuple[Location, str]]:
    """Addresses that no database and no bus could have; nobody is asked whether they answer."""
    try:
        check_address(configuration.database_url)
    except ConfigurationError as error:
        yield ("database", "url"), str(error).removeprefix("database.url: ")
    if not configuration.bus.is_embedded:
        try:
            connect(configuration.bus.url, configuration.bus).close()
        except ConfigurationError as error:
            yield ("bus", "url"), str(error).removeprefix("bus.url: ")


def _model_errors(configuration: Configuration) -> Iterator[tuple[Location, str]]:
    detector, catalog = configuration.detector, Catalog(configuration.models_dir)
    try:
        known = catalog.get(detector.model).labels
        for index, label in enumerate(detector.labels):
            if label not in known:
                words = f"expected some of {', '.join(known)}, got {label!r}"
                yield ("detector", "labels", index), words
        catalog.check(detector.model)
    except ModelError as error:
        yield ("detector", "model"), str(error)


def _warnings(configuration: Configuration, at: datetime) -> Iterator[tuple[Location, str]]:
    if configuration.grids is None:
        yield ("grids",), "no grids: every case goes to the coordination office"
    yield from doubts(configuration, at)
    yield from _idle_workers(configuration)
    yield from _detector_warnings(configuration)
    yield from _grid_warnings(configuration)
    for off in by_rule(configuration.withheld_at(at)):
        yield ("approvals",), str(off)
    yield from _idle_approvals(configuration)
    labels = _labels(configuration)
    for index, camera in enumerate(configuration.cameras):
        for rule_id, said in _blind_rules(camera, configuration.detector, labels):
            yield ("cameras", index, "rules", rule_id), said


def _idle_workers(configuration: Configuration) -> Iterator[tuple[Location, str]]:
    for worker_id in configuration.shares:
        if not configuration.share(worker_id).cameras:
            yield ("workers", worker_id), f"worker {worker_id} has no camera"


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


def _idle_approvals(configuration: Configuration) -> Iterator[tuple[Location, str]]:
    """Approvals that no rule answers to: a misspelt one leaves its rule off."""
    rules = [
        (camera.id, rule_id, rule)
        for camera in configuration.cameras
        for rule_id, rule in camera.written_rules.items()
    ]
    for name, approval in configuration.approvals.items():
        alone = {name: approval}
        if not any(approval_of(alone, *each) for each in rules):
            yield ("approvals", name), "no rule has this id or kind, or not on these cameras"


def _labels(configuration: Configuration) -> frozenset[str] | None:
    """What the detector will tell of; none if nobody knows the model."""
    detector = configuration.detector
    try:
        known = frozenset(Catalog(configuration.models_dir).get(detector.model).labels)
    except ModelError:
        return None
    return known.intersection(detector.labels) if detector.labels else known


def _blind_rules(
    camera: Camera, detector: DetectorSettings, labels: frozenset[str] | None
) -> Iterator[tuple[str, str]]:
    """Rules that wait for something the detector has no word for."""
    if labels is None:
        return
    for rule_id, rule in camera.written_rules.items():
        if not labels.intersection(rule.watched_labels):
            wanted = ", ".join(sorted(rule.watched_labels))
            who = "detector.labels: it" if detector.labels else f"the model {detector.model}"
            yield rule_id, f"camera {camera.id}: {who} sees none of {wanted}"
