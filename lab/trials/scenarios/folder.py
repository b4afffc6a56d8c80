"""Writes scenarios into a folder: clips, boxes, and the truth file that `patrol eval` wants."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import yaml

from domain.errors import ConfigurationError
from lab.trials.boxes import write_boxes
from lab.trials.scenarios.drawing import SIZE_WH
from lab.trials.scenarios.fires import FIRES
from lab.trials.scenarios.people import PEOPLE
from lab.trials.scenarios.scenario import Scenario
from lab.trials.scenarios.stalls import STALLS
from lab.trials.scenarios.vehicles import VEHICLES
from streams.encode import write_video

SCENARIOS: tuple[Scenario, ...] = (*FIRES, *VEHICLES, *STALLS, *PEOPLE)
TRUTH_FILE = "truth.yaml"
KEYFRAME_EVERY_S = 2
"""As cameras send them, and as often as a camera on patrol is looked at."""

OnScenario = Callable[[Scenario], None]

_HEAD = """\
# Drawn scenarios, and what is true of them: patrol eval {folder} --truth {folder}/truth.yaml
# Where a clip has `boxes`, they stand in for the detector: such a clip tries rules and pixels.
"""


def chosen(names: Sequence[str]) -> tuple[Scenario, ...]:
    """The scenarios of these names; all, if there are none.

    Raises:
        ConfigurationError: there is no scenario of a name.
    """
    known = {scenario.name: scenario for scenario in SCENARIOS}
    for name in names:
        if name not in known:
            words = f"expected scenarios out of {', '.join(known)}, got {name}"
            raise ConfigurationError(words)
    return tuple(known[name] for name in names) or SCENARIOS


def write_scenarios(
    folder: Path,
    scenarios: Sequence[Scenario] = SCENARIOS,
    *,
    seeds: Sequence[int] = (0,),
    on_scenario: OnScenario = lambda _scenario: None,
) -> Path:
    """Draw each scenario once for each seed; answers the truth file."""
    folder.mkdir(parents=True, exist_ok=True)
    clips = []
    for scenario in scenarios:
        on_scenario(scenario)
        clips += [_write_one(folder, scenario, seed) for seed in seeds]
    truth = folder / TRUTH_FILE
    text = yaml.safe_dump({"clips": clips}, allow_unicode=True, sort_keys=False)
    truth.write_text(_HEAD.format(folder=folder.name) + text, encoding="utf-8")
    return truth


def _write_one(folder: Path, scenario: Scenario, seed: int) -> dict[str, Any]:
    staged = scenario.staged(seed)
    stage, name = staged.stage, f"{scenario.name}-{seed}"
    write_video(
        folder / f"{name}.mp4",
        stage.pictures(),
        size_wh=SIZE_WH,
        fps=stage.fps,
        gop=KEYFRAME_EVERY_S * stage.fps,
        preset="ultrafast",
    )
    clip: dict[str, Any] = {"file": f"{name}.mp4", "note": str(scenario.words), **staged.truth}
    if scenario.drawn_boxes:
        clip["boxes"] = f"{name}.boxes.json"
        write_boxes(folder / clip["boxes"], stage.moments())
    return clip
