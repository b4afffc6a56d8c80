"""The worker's eyes: the detector, opened when it can be, and again when it could not."""

import threading
from collections.abc import Callable
from contextlib import suppress

import structlog

from domain.clock import Moment
from domain.errors import ConfigurationError, ModelError
from models.catalogue.catalog import Catalog
from models.detector import Detector
from models.detector_settings import DetectorSettings
from models.first_look import FirstLook
from models.tuning.tuner import Chosen, Tuner

RETRY_EVERY_S = 30.0

log = structlog.get_logger(__name__)


class Eyes:
    """A detector that may be missing today: cameras are still read and shown, and the detector is
    tried again every `RETRY_EVERY_S`, so that importing a model is enough to cure a blind
    worker."""

    def __init__(
        self,
        catalog: Catalog,
        settings: DetectorSettings,
        tuner: Tuner | None = None,
        *,
        first_looks: bool = False,
    ) -> None:
        """Without a tuner it is run as the settings say, and nothing is measured. `first_looks`:
        whether the first look that the product carries is opened too."""
        self._catalog = catalog
        self._settings = settings
        self._tuner = tuner
        self._chosen: Chosen | None = None
        self._detector: Detector | None = None
        self._tried: Moment | None = None
        self._opening = threading.Lock()
        self.first_look = _first_look() if first_looks else None
        """What looks before the detector does; None where there is none, and all looks are full."""

    def detector(self, now: Moment) -> Detector | None:
        """The detector, or None while there is none to be had."""
        if self._detector is None:
            with self._opening:
                self._try(now)
        return self._detector

    @property
    def opened(self) -> Detector | None:
        """The detector if it is open; nobody waits for it."""
        return self._detector

    def choose(self, stopped: Callable[[], bool]) -> None:
        """Find out how to compute, which may take some seconds at the first start on a machine, and
        is best done before cameras want to be read. Without its model it is done later."""
        with self._opening, suppress(ModelError, ConfigurationError):
            self._choose(stopped)

    def _choose(self, stopped: Callable[[], bool] = lambda: False) -> Chosen:
        if self._tuner is None:
            return Chosen(self._settings, "default")
        if self._chosen is None:
            self._chosen = self._tuner.choose(self._settings, stopped=stopped)
        return self._chosen

    def _try(self, now: Moment) -> None:
        if self._detector is not None:
            return
        if self._tried is None or now - self._tried >= RETRY_EVERY_S:
            self._tried = now
            try:
                chosen = self._choose()
                self._detector = Detector.open(
                    self._catalog, chosen.settings, chosen_by=chosen.by, why=chosen.why
                )
                runs_on = str(self._detector.runs_on)
                log.info("detector ready", model=self._detector.ref.name, runs_on=runs_on)
            except (ModelError, ConfigurationError) as error:
                log.error("blind: no detector", error=str(error))


def _first_look() -> FirstLook | None:
    """The first look; without it every look is a full one, which costs more and misses nothing."""
    try:
        return FirstLook.open()
    except ModelError as error:
        log.warning("no first look, the detector sees every picture", error=str(error))
        return None
