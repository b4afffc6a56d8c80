"""A detector as a town's worker has it: run as `patrol tune` found best, if it was asked."""

from models.catalogue.catalog import Catalog
from models.detector import Detector
from models.detector_settings import DetectorSettings
from models.first_look import FirstLook
from models.tuning.tuner import Tuner
from settings.config import Configuration
from vision.first_look import LookFirst


def open_as_measured(
    configuration: Configuration, settings: DetectorSettings | None = None
) -> Detector:
    """The detector of a configuration, or of other settings; nothing is measured for it. Raises
    what `Detector.open` raises."""
    catalog = Catalog(configuration.models_dir)
    return Detector.open(
        catalog, as_measured(catalog, configuration, settings or configuration.detector)
    )


def first_look_of(configuration: Configuration) -> LookFirst | None:
    """The first look, if the configuration has first looks. Raises what `FirstLook.open` raises."""
    return FirstLook.open().look if configuration.first_looks.enabled else None


def as_measured(
    catalog: Catalog, configuration: Configuration, settings: DetectorSettings
) -> DetectorSettings:
    """The settings, with what was measured in place of what they leave open. Raises
    ModelMissing."""
    return Tuner(catalog, configuration.models_dir).known(settings).settings
