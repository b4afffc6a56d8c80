"""Cameras that are no good neighbours: one of each kind may stand beside the measured ones."""

from collections.abc import Mapping
from dataclasses import dataclass

from lab.bench.media import ENDLESS, FLOOD, STREET
from lab.footage.simulator import Fault

STALL = "stall"


@dataclass(frozen=True)
class Weather:
    """One way to misbehave: what the camera plays, and the simulator's fault that it has."""

    clip: str
    fault: Fault | None
    words: str


WEATHERS: Mapping[str, Weather] = {
    STALL: Weather(
        STREET, Fault("stall", after_s=10.0, every_s=30.0, for_s=15.0),
        "sends nothing for 15 s of every 30 s",
    ),
    FLOOD: Weather(FLOOD, None, "sends 20 Mbit/s"),
    ENDLESS: Weather(ENDLESS, Fault("endless"), "sends one keyframe and never another"),
}  # fmt: skip
"""By the names of the cameras."""
