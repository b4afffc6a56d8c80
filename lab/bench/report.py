"""What a bench run found, in the form that is kept and compared."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from pydantic import Field

from domain.base import Value
from domain.messages import RingsHeld
from lab.bench.ears import Heard, Said
from lab.bench.steadiness import Steadiness
from models.sessions.graph import RunsOn
from models.tuning.machine import Machine

_MEBIBYTE = 1024 * 1024

TIMELY = 1.5
"""An interval of so many times the promise is still in time: looks are made of keyframes."""

Spread = dict[str, float | None]
"""``p50``, ``p95`` and, for intervals, ``p99`` and ``max``; None where there is nothing."""


class PlantsFound(Value):
    """What became of one kind of planted things."""

    planted: int
    missed: int
    latency_s: Spread
    """From the onset to the case; a crowd and a parked van must first last for their rule."""


class CamerasSeen(Value):
    """How some cameras fared in the steady phase."""

    looks: int
    early_looks: int
    """How many of them came early, because packets were suddenly larger than usual."""
    looks_by_kind: dict[str, int] = Field(default_factory=dict)
    """All of them: `full`, which the detector saw, `unchanged`, which showed what it had seen
    shortly before, and `first`, in which the first look suspected nothing."""
    look_interval_s: Spread
    """Of all intervals between looks of one camera."""
    worst_camera_p99_s: float | None
    late: dict[str, int]
    """Looks that were owed and not done, by cause."""
    gaps: dict[str, int]
    """Spans without packets that ended or began in the steady phase, by cause."""
    reconnects: int
    """Since the start."""
    pictures_skipped: int
    """Pictures that the simulator threw away because a client did not take them."""


class SceneSeen(CamerasSeen):
    """How the cameras of one scene fared, and what they cost the worker that they alone have."""

    cameras: int
    worker_cores: float
    worker_cores_per_camera: float
    look_ms: float | None
    """The same for each look: milliseconds of a core, reading and everything else with it."""


class FootageSent(Value):
    """What the simulator's cameras showed."""

    clips: int
    """Cameras share this many clips, each from a moment of its own on."""
    keyframes: int
    """Of all cameras together, those of planted things and second streams among them. Each is one
    camera's alone, or there would be no run."""


class BadCameraSeen(CamerasSeen):
    """How one of the cameras fared that misbehaved, and what the worker said of it."""

    connections: int
    """How often the worker connected to it, since the start; libav and its door counted."""
    status: str | None = None
    """The last that was said; None if nothing was."""
    fault: str | None = None
    detail: str = ""
    faults: dict[str, int] = Field(default_factory=dict)
    """How often it came into each fault."""


class BenchMachine(Value):
    """What it was measured on, and what computed the looks there."""

    model: str
    """The processor's name."""
    flags: tuple[str, ...] = ()
    """The instructions of it that networks are computed by."""
    cores: int
    engine: str | None = None
    """What computed, as the worker told it; None if it told nothing."""
    precision: str | None = None
    threads: int | None = None
    chosen_by: str | None = None
    """set, measured, only or default (`patrol tune`)."""

    @classmethod
    def of(cls, machine: Machine, runs_on: str) -> "BenchMachine":
        """A machine, and the words of a worker that computed there."""
        own = {"model": machine.processor, "flags": machine.flags, "cores": machine.cores}
        said = RunsOn.read(runs_on)
        if said is None:
            return cls.model_validate(own)
        how = {"engine": said.provider, "precision": said.precision, "threads": said.threads}
        return cls.model_validate({**own, **how, "chosen_by": said.chosen_by})

    def __str__(self) -> str:
        """The processor with its cores."""
        return f"{self.model}, {self.cores} cores"


class BenchReport(Value):
    """One run, in seconds, megabytes and processor cores: what `patrol bench --json` writes.

    All but `weather` and what processes cost is of the measured cameras only.
    """

    cameras: int
    seconds: float
    """Length of the steady phase, in which everything but the start is measured."""
    startup_s: float | None
    """Until every camera was connected and looked at once; None if that never came."""
    look_every_s: float = 4.0
    """What is promised."""
    looks_per_s: float
    early_looks: int
    """Looks that came early, because packets were suddenly larger than usual."""
    looks_by_kind: dict[str, int] = Field(default_factory=dict)
    """As `CamerasSeen.looks_by_kind`."""
    look_interval_s: Spread
    """Of all intervals between looks of one camera."""
    worst_camera_p99_s: float | None
    late: dict[str, int]
    """Looks that were owed and not done, by cause."""
    gaps: int
    """Spans without packets that ended or began in the steady phase. Nothing was done to these
    cameras: each is one that nobody can explain."""
    gap_causes: dict[str, int] = Field(default_factory=dict)
    """The same by the cause that the worker gave."""
    packets_lost: int
    """Packets that the simulator threw away because a client did not take them."""
    reconnects: int
    cpu_cores: dict[str, float]
    worker_cores_per_camera: float
    rss_mb: dict[str, float]
    worker: Steadiness | None = None
    """What the worker held over time; None for a short run."""
    ended: dict[str, int] = Field(default_factory=dict)
    """Programs that ended in the middle, with their exit codes: nothing here is to be believed
    then."""
    rings: dict[str, float] = Field(default_factory=dict)
    """Packets in the worker's memory as it says itself, in MB: held, and the bound (max); and of
    how many cameras less is held than a clip needs (cut)."""
    planted: int
    missed: int
    cases: int
    extra: int
    """Cases of what was not planted."""
    latency_s: Spread
    """From the onset of a planted fire to its case."""
    plants: dict[str, PlantsFound] = Field(default_factory=dict)
    """Each kind that was planted, fires among them."""
    weather: dict[str, BadCameraSeen] = Field(default_factory=dict)
    """The cameras that misbehaved beside the measured ones, by what they did."""
    evidence: dict[str, int] = Field(default_factory=dict)
    """Sealed files whose content has its hash (checked), or has not (bad); and missing ones."""
    runs_on: str
    machine: BenchMachine
    scenes: dict[str, SceneSeen] = Field(default_factory=dict)
    """With quiet cameras among them (`--night`): `street` and `night` apart."""
    footage: FootageSent | None = None
    """None for another server's cameras."""
    camera_mbit_s: float | None = None
    """What one simulated camera sends when nothing happens; none for another server's."""


def cameras_seen(
    heard: Mapping[str, Heard], reconnects: Mapping[str, int], skipped: Mapping[str, int]
) -> CamerasSeen:
    """What was heard of some cameras, summed up."""
    every, worst = intervals({name: one.intervals_s for name, one in heard.items()})
    looks = sum(one.looks for one in heard.values())
    unchanged = sum(one.unchanged for one in heard.values())
    first = sum(one.first for one in heard.values())
    return CamerasSeen(
        looks=looks,
        early_looks=sum(one.early for one in heard.values()),
        looks_by_kind={"full": looks - unchanged - first, "unchanged": unchanged, "first": first},
        look_interval_s=every,
        worst_camera_p99_s=worst,
        late=summed(one.late for one in heard.values()),
        gaps=summed(one.gaps for one in heard.values()),
        reconnects=sum(reconnects.get(name, 0) for name in heard),
        pictures_skipped=sum(skipped.get(name, 0) for name in heard),
    )


def bad_camera_seen(seen: CamerasSeen, said: Said | None, connections: int) -> BadCameraSeen:
    """What was heard of a camera, with what was said of it."""
    words: dict[str, object] = {}
    if said is not None:
        last = said.last
        words = {
            "status": last.status.value,
            "fault": last.fault.value if last.fault else None,
            "detail": last.detail,
            "faults": dict(said.faults),
        }
    return BadCameraSeen.model_validate({**seen.model_dump(), **words, "connections": connections})


def verdicts(report: BenchReport) -> dict[str, str]:
    """The run in a few words, by what they are about: of the worker and of the measured cameras."""
    words = {f"the {name}": f"ended with {code}" for name, code in report.ended.items()}
    if report.worker is not None and not words:
        words = {
            name: getattr(report.worker, name) for name in ("memory", "descriptors", "threads")
        }
    late = sum(report.late.values())
    worst = report.worst_camera_p99_s
    in_time = worst is not None and worst <= TIMELY * report.look_every_s
    on_time = in_time and not (report.gaps or late or report.packets_lost)
    words["neighbours"] = (
        f"{'on time' if on_time else 'not on time'} (worst camera's p99 {worst} s of "
        f"{report.look_every_s:g} s, {report.gaps} gaps, {late} late, {report.packets_lost} lost)"
    )
    return words


def rings_of(said: RingsHeld | None) -> dict[str, float]:
    """The report's part on packets in memory; empty if the worker said nothing."""
    if said is None:
        return {}
    held_mb, max_mb = said.held_bytes / _MEBIBYTE, said.max_bytes / _MEBIBYTE
    return {"held": round(held_mb, 1), "max": round(max_mb, 1), "cut": float(said.cut)}


def spread(values: Iterable[float], percentiles: Sequence[int]) -> Spread:
    """Percentiles by name, linear between neighbours."""
    numbers = np.fromiter(values, np.float64)
    if not len(numbers):
        return {f"p{p}": None for p in percentiles}
    return {f"p{p}": round(float(np.percentile(numbers, p)), 2) for p in percentiles}


def intervals(per_camera: Mapping[str, Sequence[float]]) -> tuple[Spread, float | None]:
    """The spread over all cameras with its maximum, and the p99 of the worst camera."""
    every = [value for values in per_camera.values() for value in values]
    found = spread(every, (50, 95, 99)) | {"max": round(max(every), 2) if every else None}
    worst = [float(np.percentile(values, 99)) for values in per_camera.values() if values]
    return found, round(max(worst), 2) if worst else None


def summed(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Counts by cause, all together."""
    total: Counter[str] = Counter()
    for one in counts:
        total.update(one)
    return dict(total)
