"""What a configuration says that is probably not meant: addresses of nothing, clocks that run the
other way round, a place on the wrong side of the earth."""

from collections.abc import Container, Iterator
from datetime import datetime
from pathlib import Path

from domain.geometry import Point
from domain.masking import holds_secret
from settings.camera import Camera
from settings.config import Configuration
from settings.yamlfile import Location
from streams.address import CameraAddress

CHINA = (73.0, 3.0, 136.0, 54.0)
"""West, south, east, north."""
_HOUR_DEGREES = 15.0
_ODD_HOURS = 3.5
"""A zone that differs by more from the sun's time is another country's; Kashgar differs by 3.0."""


def missing_files(
    configuration: Configuration, camera_ids: Container[str]
) -> Iterator[tuple[Location, str]]:
    """Files that shall play these cameras and are not there. They need only be there for the
    worker that reads them."""
    for index, camera in enumerate(configuration.cameras):
        if camera.id not in camera_ids:
            continue
        for key, address in addresses_of(camera):
            if camera.enabled and address.is_file and not Path(address.location).is_file():
                words = (
                    f"camera {camera.id}: expected rtsp://, rtsps:// or a file, there is no file "
                    f"{address.masked}"
                )
                if not Path(address.location).is_absolute():
                    words += f" in {Path.cwd()}"
                yield ("cameras", index, key), words


def addresses_of(camera: Camera) -> list[tuple[str, CameraAddress]]:
    """The addresses of a camera, each with its key."""
    second = camera.detect_address
    return [("url", camera.address), *([("detect_url", second)] if second else [])]


def doubts(configuration: Configuration, at: datetime) -> Iterator[tuple[Location, str]]:
    """Each with the place where it stands."""
    yield from _shared_addresses(configuration)
    yield from _shown_secrets(configuration)
    yield from _odd_zone(configuration, at)
    yield from _swapped(configuration)
    yield from _never_unchanged(configuration)


def _shared_addresses(configuration: Configuration) -> Iterator[tuple[Location, str]]:
    """One picture under two names is counted, and alarmed of, twice."""
    owners: dict[str, str] = {}
    for index, camera in enumerate(configuration.cameras):
        for key, address in addresses_of(camera):
            owner = owners.setdefault(_place_of(address), camera.id)
            if owner != camera.id:
                words = f"camera {camera.id} has the same address as camera {owner}"
                yield ("cameras", index, key), words


def _place_of(address: CameraAddress) -> str:
    """What an address leads to, whoever logs in."""
    if address.is_file:
        return str(Path(address.location).absolute())
    path = address.location.partition("/")[2]
    return f"{address.host.lower()}:{address.port}/{path.rstrip('/')}"


def _shown_secrets(configuration: Configuration) -> Iterator[tuple[Location, str]]:
    for section in ("cameras", "sites"):
        for index, each in enumerate(getattr(configuration, section)):
            if holds_secret(each.name.zh) or holds_secret(each.name.en):
                yield (section, index, "name"), "expected a name for people, it holds a password"


def _odd_zone(configuration: Configuration, at: datetime) -> Iterator[tuple[Location, str]]:
    name, zone = configuration.town.timezone, configuration.town.zone
    offset = at.astimezone(zone).utcoffset()
    hours = offset.total_seconds() / 3600 if offset else 0.0
    if name.startswith("Etc/GMT") and name[7:8] in ("+", "-"):
        words = f"{name} is UTC{hours:+g}: its sign is turned round; expected a zone of a place"
        yield ("town", "timezone"), f"{words} such as Asia/Shanghai"
        return
    for site in configuration.sites:
        suns = site.lon / _HOUR_DEGREES
        away = abs((hours - suns + 12) % 24 - 12)
        if away > _ODD_HOURS and site.lon != 0.0:  # a stand-in for one that is wrong
            words = f"{name} is UTC{hours:+g}, which does not fit site {site.id} at longitude"
            yield ("town", "timezone"), f"{words} {site.lon:g}"
            return


def _swapped(configuration: Configuration) -> Iterator[tuple[Location, str]]:
    """Places that would lie in the town, or in China, if longitude and latitude were swapped."""
    grids = configuration.grids.grids if configuration.grids else ()

    def fits(point: Point) -> bool:
        return any(grid.contains(point) for grid in grids) or _in_china(point)

    for index, site in enumerate(configuration.sites):
        if not fits(site.position) and fits((site.lat, site.lon)):
            words = f"site {site.id}: longitude {site.lon:g} and latitude {site.lat:g} look swapped"
            yield ("sites", index), words
    for index, grid in enumerate(grids):
        corners = [(x, y) for x, y in grid.polygon]
        if not any(map(_in_china, corners)) and all(_in_china((y, x)) for x, y in corners):
            words = f"grid {grid.id}: its corners look swapped, expected [longitude, latitude]"
            yield ("grids", "grids", index, "polygon"), words


def _never_unchanged(configuration: Configuration) -> Iterator[tuple[Location, str]]:
    """Unchanged looks that are asked for, and leave out no look of any camera."""
    said = configuration.unchanged_looks
    promises_s = [camera.promise.longest_s for camera in configuration.enabled_cameras]
    if not said.enabled or not promises_s:
        return
    if "full_every_s" in said.model_fields_set and said.full_every_s <= min(promises_s):
        words = f"{said.full_every_s:g} s is no longer than any camera's promise"
        yield ("unchanged_looks", "full_every_s"), f"{words}: every look is a full one"
    if said.full_every_looks == 1:
        words = "1 makes every look a full one; `enabled: false` says so"
        yield ("unchanged_looks", "full_every_looks"), words


def _in_china(point: Point) -> bool:
    west, south, east, north = CHINA
    return west <= point[0] <= east and south <= point[1] <= north
