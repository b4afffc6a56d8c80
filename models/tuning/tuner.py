"""The tuner: how a model is computed here, measured once and kept."""

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import structlog

from domain.clock import Clock, SystemClock
from models.catalogue.catalog import Catalog
from models.detector_settings import DetectorSettings, Provider
from models.sessions.graph import ChosenBy
from models.sessions.runtime import abilities
from models.tuning.kept import Choice, Fingerprint, KeptChoices
from models.tuning.machine import Machine, this_machine
from models.tuning.trying import TriesWays, WayTrial
from models.tuning.ways import Tried, Way, fastest, first_ways, more_threads, names_of

TUNE_WITHIN_S = 45.0
"""When so much has passed no further way is begun."""
TURN_WITHIN_S = 90.0
"""So long another worker's measuring is waited for."""

Trial = Callable[[DetectorSettings, int], AbstractContextManager[TriesWays]]
"""Begins to try ways of what is asked for, on so many cores."""
Tell = Callable[[str, float], None]
"""Called with the way that is tried, and the share of the known ones that are done, 0-1."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Chosen:
    """How a detector is to be run, and why so."""

    settings: DetectorSettings
    """Those asked for, with the way in place of what they left open."""
    by: ChosenBy
    why: str = ""
    """Why nothing was measured, or what was measured is not kept."""
    choice: Choice | None = None
    """What was measured."""


class Tuner:
    """Chooses among the ways that the settings leave open: what they say always holds."""

    def __init__(
        self,
        catalog: Catalog,
        folder: Path,
        *,
        clock: Clock | None = None,
        machine: Callable[[], Machine] = this_machine,
        providers: Callable[[], Sequence[Provider]] | None = None,
        trial: Trial | None = None,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        """`folder` is where models lie, and where the choice is kept."""
        self._catalog = catalog
        self._kept = KeptChoices(folder)
        self._clock = clock or SystemClock()
        self._machine = machine
        self._providers = providers or _providers_here
        self._trial = trial or (lambda asked, cores: WayTrial(folder, asked, cores))
        self._timer = timer

    @property
    def path(self) -> Path:
        """Where the choice is kept."""
        return self._kept.path

    def known(self, asked: DetectorSettings) -> Chosen:
        """As it was measured earlier; nothing is measured now. Raises ModelMissing."""
        plan = self._planned(asked)
        if plan.settled is not None:
            return plan.settled
        found = self._kept.find(plan.fingerprint)
        return _measured(asked, found) if found else Chosen(asked, "default", "not measured yet")

    def choose(
        self,
        asked: DetectorSettings,
        *,
        again: bool = False,
        tell: Tell = lambda what, share: None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> Chosen:
        """As it was measured for just this machine and model, else as measured now, in seconds.

        Raises ModelMissing or ModelCorrupt for the model asked for. Whatever else goes wrong leads
        to what holds without measuring, and is said.
        """
        self._catalog.path(asked.model)
        plan = self._planned(asked)
        if plan.settled is not None:
            return plan.settled
        with self._kept.turn(TURN_WITHIN_S, stopped) as cannot_keep:
            if not again and (found := self._kept.find(plan.fingerprint)):
                return _measured(asked, found)
            tried = self._tried(asked, plan, tell, stopped)
            if stopped():
                cannot_keep = "the program was stopped meanwhile"
            return self._taken(asked, plan, tried, cannot_keep)

    def _taken(
        self, asked: DetectorSettings, plan: "_Plan", tried: Sequence[Tried], cannot_keep: str
    ) -> Chosen:
        """The fastest, kept and said; what holds without measuring if there is none."""
        best = fastest(tried)
        if best is None:
            return _not_measured(asked, tried, cannot_keep)
        choice = Choice(
            fingerprint=plan.fingerprint,
            way=best.way,
            tried=tuple(tried),
            tuned_at=self._clock.now(),
        )
        _say(choice)
        return _measured(asked, choice, self._keep(choice, cannot_keep))

    def _planned(self, asked: DetectorSettings) -> "_Plan":
        machine = self._machine()
        names = names_of(self._catalog, asked.model)
        fingerprint = Fingerprint(
            machine=machine,
            models={name: self._catalog.get(name).sha256 for name in names},
            asked=f"{asked.provider} {asked.precision} {asked.threads or 'auto'}",
        )
        ways = first_ways(asked, machine, self._providers(), names)
        return _Plan(ways, fingerprint, _settled(asked, ways, machine.cores))

    def _tried(
        self,
        asked: DetectorSettings,
        plan: "_Plan",
        tell: Tell,
        stopped: Callable[[], bool],
    ) -> list[Tried]:
        """All that could be tried in time; without any process to try in, each with the reason."""
        machine = plan.fingerprint.machine
        ends_s = self._timer() + TUNE_WITHIN_S
        tried: list[Tried] = []
        rounds: Sequence[Callable[[], Sequence[Way]]] = (
            lambda: plan.ways,
            lambda: more_threads(asked, machine, tried),
        )
        with self._trial(asked, machine.cores) as tries:
            for ways_of_round in rounds:
                for way in ways_of_round():
                    if stopped() or self._timer() > ends_s:
                        return tried
                    tell(str(way), len(tried) / (len(tried) + len(plan.ways)))
                    tried.append(_steadily(tries, way))
        return tried

    def _keep(self, choice: Choice, cannot_keep: str) -> str:
        """Why it is not kept; empty if it is."""
        try:
            if not cannot_keep:
                self._kept.keep(choice)
                return ""
        except OSError as error:
            cannot_keep = f"{self.path}: {error.strerror}"
        log.warning("what was measured is not kept", why=cannot_keep)
        return f"not kept: {cannot_keep}"


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is left open."""

    ways: Sequence[Way]
    fingerprint: Fingerprint
    settled: Chosen | None
    """None if there is something to be measured."""


def _settled(asked: DetectorSettings, ways: Sequence[Way], cores: int) -> Chosen | None:
    """The choice where nothing is to be chosen."""
    is_open = asked.threads is None or "auto" in (asked.provider, asked.precision)
    if not is_open or not ways:
        return Chosen(asked, "set")
    if len(ways) == 1 and (asked.threads is not None or cores == 1):
        return Chosen(ways[0].applied(asked), "only")
    return None


def _steadily(tries: TriesWays, way: Way) -> Tried:
    try:
        return tries(way)
    except OSError as error:
        return Tried(way=way, why_not=f"it could not be tried: {error}")


def _measured(asked: DetectorSettings, choice: Choice, why: str = "") -> Chosen:
    return Chosen(choice.way.applied(asked), "measured", why, choice)


def _not_measured(asked: DetectorSettings, tried: Sequence[Tried], otherwise: str) -> Chosen:
    """What holds without measuring, and why: of each way that was tried, or else of all."""
    why = "; ".join(f"{one.way}: {one.why_not}" for one in tried) or otherwise
    log.warning("how to compute could not be measured", why=why)
    return Chosen(asked, "default", f"not measured: {why}"[:2000])


def _say(choice: Choice) -> None:
    timed = {str(one.way): f"{one.ms:.1f} ms" for one in choice.tried if one.ms is not None}
    left_out = {str(one.way): one.why_not for one in choice.tried if not one.can_be_taken}
    log.info("measured how to compute", takes=str(choice.way), timed=timed, left_out=left_out)


def _providers_here() -> tuple[Provider, ...]:
    return tuple(ability.provider for ability in abilities() if ability.can)
