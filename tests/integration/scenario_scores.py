"""How soon the rules find what the drawn scenarios hold: measured, kept beside, compared.

After a rule, a scenario or the carried model was changed for the better, refresh and read the
difference before committing it:

    python -m tests.integration.scenario_scores
"""

import tempfile
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from lab.trials.evaluate import load_truth, replay_clip
from lab.trials.scenarios.folder import write_scenarios
from lab.trials.scoring import ClipScore
from models.catalogue.catalog import Catalog
from models.detector import Detector
from models.detector_settings import DetectorSettings

STORED = Path(__file__).with_name("scenarios.yaml")
REFRESH = "python -m tests.integration.scenario_scores"
SHANGHAI = ZoneInfo("Asia/Shanghai")
LOOK_EVERY_S = 2.0
Opened = dict[str, list[float]]
"""For each clip, at which seconds incidents opened."""


def carried_detector() -> Detector:
    """Run exactly, whatever this machine has. Raises ModelMissing where none is carried."""
    return Detector.open(Catalog(None), DetectorSettings(provider="cpu", precision="fp32"))


def replayed(detector: Detector, folder: Path) -> list[ClipScore]:
    """All scenarios, drawn with the first seed."""
    truth = load_truth(write_scenarios(folder))
    options: dict[str, Any] = {"look_every_s": LOOK_EVERY_S, "timezone": SHANGHAI}
    return [replay_clip(clip, truth, folder, detector, **options) for clip in truth.clips]


def opened(scores: list[ClipScore]) -> Opened:
    return {score.file: [one.opened_at_s for one in score.incidents] for score in scores}


def stored() -> Opened:
    found: Opened = yaml.safe_load(STORED.read_text(encoding="utf-8"))
    return found


def refresh() -> None:
    with tempfile.TemporaryDirectory() as work:
        found = opened(replayed(carried_detector(), Path(work)))
    head = f"# At which second incidents open in each drawn scenario. Written by: {REFRESH}\n"
    STORED.write_text(head + yaml.safe_dump(found, sort_keys=False), encoding="utf-8")


if __name__ == "__main__":
    refresh()
