"""A machine, models and trials for tests of tuning: what would be timed is said here."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from models.catalogue.catalog import Catalog
from models.catalogue.entry import ModelEntry
from models.catalogue.files import sha256_of
from models.detector_settings import DetectorSettings
from models.tuning.machine import Machine
from models.tuning.trying import TriesWays
from models.tuning.tuner import Trial, Tuner
from models.tuning.ways import EIGHT_BITS, Tried, Way
from tests.models import graphs

NAME = "colours"
ASKED = DetectorSettings(model=NAME, confidence=0.9)
OLD = Machine(processor="old", flags=("avx2",), cores=2, versions={"onnxruntime": "1"})
NEW = Machine(
    processor="new",
    flags=("avx2", "avx512_bf16"),
    cores=4,
    versions={"onnxruntime": "1", "openvino": "2"},
)

Timings = Mapping[str, float | str]
"""Milliseconds of ways by their words, or why one cannot be taken."""


def colours(models_dir: Path) -> Catalog:
    """A catalogue with the tiny model `colours`."""
    models_dir.mkdir(parents=True, exist_ok=True)
    catalog = Catalog(models_dir)
    graph = graphs.yolov8_graph(models_dir / "made.onnx")
    catalog.import_file(graph, name=NAME, head="yolov8", labels=graphs.RGB_LABELS)
    return catalog


def beside(catalog: Catalog, graph: Path, of: str) -> ModelEntry:
    """Register a file, untried, as the model `of` in 8 bits. It has to lie among the models."""
    changed: dict[str, Any] = {
        "name": of + EIGHT_BITS,
        "file": graph.name,
        "sha256": sha256_of(graph),
        "size_bytes": graph.stat().st_size,
    }
    entry = catalog.get(of).model_copy(update=changed)
    catalog._register(entry)
    return entry


class Trials:
    """Stands in for the child: answers what it is told to, and remembers what it was asked."""

    def __init__(self, timings: Timings, default_ms: float = 100.0) -> None:
        self.timings = timings
        self.default_ms = default_ms
        self.asked: list[str] = []
        self.begun = 0

    @contextmanager
    def __call__(self, asked: DetectorSettings, cores: int) -> Iterator[TriesWays]:
        self.begun += 1
        yield self._try

    def _try(self, way: Way) -> Tried:
        self.asked.append(str(way))
        said = self.timings.get(str(way), self.default_ms)
        if isinstance(said, str):
            return Tried(way=way, why_not=said)
        return Tried(way=way, ms=said, furthest=0)


def tuner(
    models_dir: Path, trial: Trial, machine: Machine = OLD, catalog: Catalog | None = None
) -> Tuner:
    """One that has the machine's libraries and nothing else."""
    providers = {"onnxruntime": "cpu", "openvino": "openvino"}
    here: Any = [providers[name] for name in machine.versions]
    return Tuner(
        catalog or Catalog(models_dir),
        models_dir,
        machine=lambda: machine,
        providers=lambda: here,
        trial=trial,
    )


def none_may_be_tried(asked: DetectorSettings, cores: int) -> Any:
    raise AssertionError("expected nothing to be timed")


Change = Callable[[Machine], Machine]
