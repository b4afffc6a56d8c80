"""What a bench plants: fires, crowds and parked vans; in which cameras, and when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

from domain.incident import IncidentKind
from lab.bench.crowds import VAN_STANDS
from lab.bench.media import BURNING, CROWD, FIRE, PARKED


@dataclass(frozen=True)
class PlantKind:
    """One kind of thing that is planted, and how a camera must watch to find it."""

    name: str
    """As it is called in reports, and the clip that shows it."""
    finds: IncidentKind
    starts_s: float
    """Its onset, after the camera was switched to the clip."""
    within_s: float
    """It is planted so long before the end that it can be found, and waited for as long."""
    rules: Mapping[str, Any]
    zones: Sequence[Mapping[str, Any]] = ()


_X1, _Y1, _X2, _Y2 = VAN_STANDS.xyxy
_VAN_ZONE = {
    "id": "kerb",
    "name": "禁停",
    "polygon": [[_X1, _Y1], [_X2, _Y1], [_X2, _Y2], [_X1, _Y2]],
}

KINDS = {
    kind.name: kind
    for kind in (
        PlantKind(FIRE, IncidentKind.FIRE, BURNING.starts_s, 30.0, {"fire": {}}),
        # The street itself holds up to 9 people, the crowd 12 and more.
        PlantKind(
            CROWD, IncidentKind.CROWDING, 0.0, 45.0,
            {"fire": {}, "crowding": {"count": 12, "for_s": 8}},
        ),
        PlantKind(
            PARKED, IncidentKind.ROAD_OCCUPATION, 0.0, 45.0,
            {"fire": {}, "road_occupation": {"zones": ["kerb"], "for_s": 15, "unnamed": False}},
            (_VAN_ZONE,),
        ),
    )
}  # fmt: skip
"""By their names. Limits are short, so that two minutes suffice."""


@dataclass(frozen=True)
class Plant:
    """Something that is planted `at_s` seconds after the steady phase began."""

    camera: str
    at_s: float
    kind: PlantKind = field(repr=False)

    @property
    def found_by_s(self) -> float:
        """When it must have been found."""
        return self.at_s + self.kind.within_s


def plants_of(cameras: int, counts: Mapping[str, int], seconds: float) -> list[Plant]:
    """So many of each kind, spread evenly over the cameras (one each at most, fires first), and
    those of one kind evenly over the time in which they can still be found."""
    in_turn = zip_longest(*([KINDS[name]] * count for name, count in counts.items()))
    kinds = [kind for turn in in_turn for kind in turn if kind is not None][:cameras]
    planted: list[Plant] = []
    for place, kind in enumerate(kinds):
        earlier = sum(plant.kind is kind for plant in planted)
        apart_s = max(seconds - kind.within_s, 0.0) / kinds.count(kind)
        camera = f"cam{int((place + 0.5) * cameras / len(kinds))}"
        planted.append(Plant(camera, earlier * apart_s, kind))
    return planted
