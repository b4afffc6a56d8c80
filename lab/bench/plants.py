"""What a bench plants: fires, crowds and parked vans; in which cameras, and when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

from domain.errors import ConfigurationError
from domain.incident import IncidentKind
from lab.bench.crowds import VAN_STANDS
from lab.bench.media import CROWD, FIRE, PARKED
from lab.bench.recipes import BURNING

APART_S = 1.0
"""Things of one kind come at least so long after each other: a street full of fires that break out
at once is another question."""


@dataclass(frozen=True)
class PlantKind:
    """One kind of thing that is planted, and how a camera must watch to find it."""

    name: str
    """As it is called in reports, and the clip that shows it."""
    option: str
    """How `patrol bench` is told how many."""
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
        PlantKind(FIRE, "--fires", IncidentKind.FIRE, BURNING.starts_s, 30.0, {"fire": {}}),
        # The street itself holds up to 9 people, the crowd 12 and more.
        PlantKind(
            CROWD, "--crowds", IncidentKind.CROWDING, 0.0, 45.0,
            {"fire": {}, "crowding": {"count": 12, "for_s": 8}},
        ),
        PlantKind(
            PARKED, "--parked", IncidentKind.ROAD_OCCUPATION, 0.0, 45.0,
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


def plants_of(cameras: Sequence[str], counts: Mapping[str, int], seconds: float) -> list[Plant]:
    """So many of each kind, spread evenly over the cameras (one each at most, fires first), and
    those of one kind evenly over the time in which they can still be found. In a run that is hardly
    longer than finding takes they are spread over its first half, and waited for after its end.

    Raises:
        ConfigurationError: they do not fit.
    """
    _check_fit(len(cameras), counts, seconds)
    in_turn = zip_longest(*([KINDS[name]] * count for name, count in counts.items()))
    kinds = [kind for turn in in_turn for kind in turn if kind is not None]
    planted: list[Plant] = []
    for place, kind in enumerate(kinds):
        earlier = sum(plant.kind is kind for plant in planted)
        apart_s = _span_s(kind, seconds) / kinds.count(kind)
        camera = cameras[int((place + 0.5) * len(cameras) / len(kinds))]
        planted.append(Plant(camera, earlier * apart_s, kind))
    return planted


def with_usual(
    asked: Mapping[str, int | None], usual: Mapping[str, int], cameras: int, seconds: float
) -> dict[str, int]:
    """What was asked for, and of kinds that nobody spoke of (None) the usual number, or what of it
    fits into so many cameras and seconds."""
    left = cameras - sum(count or 0 for count in asked.values())
    counts: dict[str, int] = {}
    for name, count in asked.items():
        if count is None:
            count = max(min(usual[name], left, _most(KINDS[name], seconds)), 0)
            left -= count
        counts[name] = count
    return counts


def _check_fit(cameras: int, counts: Mapping[str, int], seconds: float) -> None:
    if (wanted := sum(counts.values())) > cameras:
        options = ", ".join(KINDS[name].option for name, count in counts.items() if count)
        raise ConfigurationError(
            f"{options}: expected at most {cameras}, one for each camera that shows a street, "
            f"got {wanted}"
        )
    for kind, count in ((KINDS[name], count) for name, count in counts.items()):
        if count > (most := _most(kind, seconds)):
            needed_s = count * APART_S + min(kind.within_s, count * APART_S)
            raise ConfigurationError(
                f"{kind.option}: expected at most {most} in --seconds {seconds:g}, "
                f"{APART_S:g} s apart, got {count}; --seconds {needed_s:g} would do"
            )


def _most(kind: PlantKind, seconds: float) -> int:
    """So many of one kind fit."""
    return int(_span_s(kind, seconds) / APART_S)


def _span_s(kind: PlantKind, seconds: float) -> float:
    """In how much of the steady phase it is planted."""
    return max(seconds - kind.within_s, seconds / 2)
