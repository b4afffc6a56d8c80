"""The steady phase of a bench: plant, wait, and read what it cost and what was found."""

import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from domain.errors import ConfigurationError
from lab.bench.bad_cameras import BadCameras
from lab.bench.ears import Ears, Heard, Said
from lab.bench.judge import Judge, Opened, Planted, case_of, plants_found
from lab.bench.media import FIRE
from lab.bench.plants import Plant
from lab.bench.processes import Cost, Held, cost_of, held_by
from lab.bench.report import rings_of, spread
from lab.bench.stage import CameraServer

STARTS_WITHIN_S = 120.0
SETTLE_S = 10.0
"""Evidence may come this much later than what it is of."""
POLL_S = 0.5

Tell = Callable[[str, float], None]
"""Called with what goes on and the share that is done, 0-1."""


@dataclass(frozen=True)
class Stage:
    """What runs."""

    ears: Ears
    server: CameraServer | None
    """None where a foreign server plays."""
    pids: Mapping[str, int]
    port: int
    """The console's."""
    bad: BadCameras | None = None
    """Those that misbehave beside the measured ones."""
    programs: Mapping[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)
    """The center and the worker."""

    def ended(self) -> dict[str, int]:
        """Programs that are not there any more, with their exit codes; below 0 it is a signal."""
        codes = {name: program.poll() for name, program in self.programs.items()}
        return {name: code for name, code in codes.items() if code is not None}

    def costs(self) -> dict[str, Cost]:
        return {name: cost_of(pid) for name, pid in self.pids.items()}

    def skipped(self) -> dict[str, int]:
        """Pictures that the simulator threw away, by camera."""
        skipped = self.server.skipped() if self.server else {}
        return skipped | (self.bad.counted()[1] if self.bad else {})

    def connections(self) -> dict[str, int]:
        """How often each bad camera was connected to."""
        return self.bad.counted()[0] if self.bad else {}

    def held(self) -> Held:
        """What the worker holds."""
        return held_by(self.pids["worker"])


@dataclass(frozen=True)
class Measured:
    """What the steady phase gave. Numbers are of that phase alone, but for `reconnects`."""

    lasted_s: float
    ended_s: float
    """When it ended, by the monotonic clock."""
    cpu_cores: dict[str, float]
    rss_mb: dict[str, float]
    heard: dict[str, Heard]
    reconnects: dict[str, int]
    """Since the start."""
    skipped: dict[str, int]
    planted: list[Planted]
    rings: dict[str, float]
    held: list[tuple[float, Held]]
    """What the worker held, and when: seconds of the phase."""
    said: dict[str, Said]
    connections: dict[str, int]
    ended: dict[str, int]
    """Programs that ended before they were told to, with their exit codes."""


def wait_for_all(stage: Stage, cameras: Sequence[str], tell: Tell) -> float | None:
    """Seconds until every camera was looked at once; None if that did not come in time.

    Raises:
        ConfigurationError: not one was looked at.
    """
    began_s = time.monotonic()
    wanted = frozenset(cameras)
    while (waited_s := time.monotonic() - began_s) < STARTS_WITHIN_S:
        looked = stage.ears.looked & wanted
        tell("starting", len(looked) / len(wanted))
        if looked == wanted:
            return round(waited_s, 1)
        time.sleep(0.2)
    if not stage.ears.looked:
        raise ConfigurationError(
            f"expected looks at {len(wanted)} cameras, got none within {STARTS_WITHIN_S:g} s; "
            "worker.log in the bench's folder tells why"
        )
    return None


def measured(stage: Stage, plants: Sequence[Plant], seconds: float, tell: Tell) -> Measured:
    """Plant what is to be planted, and measure for so long."""
    stage.ears.begin()
    skipped, before = stage.skipped(), stage.costs()
    began_s = time.monotonic()
    planted: list[Planted] = []
    held: list[tuple[float, Held]] = []
    waiting = sorted(plants, key=lambda plant: plant.at_s)
    while (done_s := time.monotonic() - began_s) < seconds:
        tell("measuring", done_s / seconds)
        while stage.server and waiting and waiting[0].at_s <= done_s:
            planted.append(_planted(stage.server, waiting.pop(0)))
        held.append((done_s, stage.held()))
        time.sleep(POLL_S)
    after = stage.costs()
    ended_s = time.monotonic()
    lasted_s = ended_s - began_s
    return Measured(
        lasted_s=lasted_s,
        ended_s=ended_s,
        cpu_cores={
            name: round((after[name].cpu_s - before[name].cpu_s) / lasted_s, 3) for name in after
        },
        rss_mb={name: round(cost.rss_mb, 1) for name, cost in after.items()},
        heard=stage.ears.heard(),
        reconnects=stage.ears.reconnects(),
        skipped=_since(stage.skipped(), skipped),
        planted=planted,
        rings=rings_of(stage.ears.rings),
        held=held,
        said=stage.ears.said(),
        connections=stage.connections(),
        ended=stage.ended(),
    )


def wait_for_cases(stage: Stage, found: Measured, tell: Tell) -> dict[str, Any]:
    """The report's part on cases: waits until all that was planted was found, or could have
    been, and then for evidence."""
    with Judge(stage.port) as judge:
        began_s = found.ended_s - found.lasted_s
        until_s = max((one.plant.found_by_s for one in found.planted), default=0.0) + began_s
        while not _all_found(found.planted, judge.cases()) and time.monotonic() < until_s:
            tell("waiting for cases", 1.0)
            time.sleep(POLL_S)
        tell("waiting for evidence", 1.0)
        time.sleep(SETTLE_S)
        return _judged(judge, found.planted)


def _judged(judge: Judge, planted: Sequence[Planted]) -> dict[str, Any]:
    cases = judge.cases()
    plants = plants_found(planted, cases)
    missed = sum(kind.missed for kind in plants.values())
    return {
        "planted": len(planted),
        "missed": missed,
        "cases": len(cases),
        "extra": len(cases) - (len(planted) - missed),
        "latency_s": plants[FIRE].latency_s if FIRE in plants else spread((), (50, 95)),
        "plants": plants,
        "evidence": judge.evidence(cases),
    }


def _all_found(planted: Sequence[Planted], cases: Sequence[Opened]) -> bool:
    return all(case_of(one, cases) is not None for one in planted)


def _planted(server: CameraServer, plant: Plant) -> Planted:
    at = server.show(plant.camera)
    return Planted(plant, at + timedelta(seconds=plant.kind.starts_s))


def _since(after: Mapping[str, int], before: Mapping[str, int]) -> dict[str, int]:
    return {name: count - before.get(name, 0) for name, count in after.items()}
