"""Cameras that are no good neighbours: one of each kind may stand beside the measured ones.

They are the simulator's faults and its odd and hostile cameras, all by name.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from lab.bench.media import ENDLESS, FLOOD, SMALL, STREET
from lab.footage.simulator import FAULT_KINDS, Fault
from lab.footage.simulator.hostile import HOSTILE
from lab.footage.simulator.oddities import ODDITIES

STALL = "stall"
ALL = "all"


@dataclass(frozen=True)
class Weather:
    """One way to misbehave: what the camera plays, and how."""

    clip: str
    words: str
    fault: Fault | None = None
    """The simulator's."""
    manner: str | None = None
    """Of an odd or hostile camera: its name in `MANNERS`."""


MANNERS = {"_".join(name.split()): oddity for name, oddity in (ODDITIES | HOSTILE).items()}
"""How odd cameras behave; their names are ids."""

_COME_AND_GO = "after=20s,every=60s,for=30s"
_TIMES = {
    "drop": "every=20s",
    "restart_timestamps": "every=15s",
    "switch": f"to={SMALL},every=20s,for=10s",
    "stall": "after=10s,every=30s,for=15s",
    "codec": "after=60s,every=120s,for=30s",
    "unauthorized": "",
    "not_found": "",
    "redirect": "",
    "session_control": "",
    "one_time_nonce": "",
    "udp_only": "",
    "lf": "",
    "endless": "",
}
"""When faults hold; those that are not here come and go, each time long enough to be noticed."""


def _of_fault(kind: str, words: str) -> Weather:
    times = _TIMES.get(kind, _COME_AND_GO)
    fault = Fault.parse(f"{kind}:{times}" if times else kind)
    clip = {"endless": ENDLESS, "stall": STREET, "switch": STREET}.get(kind, SMALL)
    return Weather(clip, f"{words} ({times})" if times else words, fault)


WEATHERS: Mapping[str, Weather] = {
    **{kind: _of_fault(kind, words) for kind, words in FAULT_KINDS.items()},
    FLOOD: Weather(FLOOD, "sends 20 Mbit/s"),
    **{name: Weather(SMALL, name.replace("_", " "), manner=name) for name in MANNERS},
}
"""By the names of the cameras."""
