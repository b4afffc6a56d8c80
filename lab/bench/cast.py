"""Who shows what: the street by day or a quiet night, what is planted where, and the keyframes that
each camera alone sends."""

import hashlib
import inspect
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from domain.errors import ConfigurationError
from lab.bench.media import NIGHT, BenchMedia, nights_of, streets_of
from lab.bench.plants import Plant, plants_of
from lab.bench.recipes import clean_of
from lab.footage.simulator import Clip, Noise, make_own_keyframes, own_keyframes

SUB = "/sub"
"""What the name of a camera's second stream ends with."""
SHOWN_FROM = "show-"
"""What the names of cameras begin with that nobody watches, from which others take what is planted
in them: `cam3` turns to `show-cam3`."""
DAY_LEVELS, NIGHT_LEVELS = (1.0, 2.5), (2.0, 3.5)
"""The noise of a camera's sensor lies between these, in grey levels of 0-255."""

Tell = Callable[[str, float], None]
"""Called with what goes on and the share that is done, 0-1."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one simulated camera sends."""

    clip: str
    """By its name in `BenchMedia`; others may send it too."""
    own: str
    """The name of its own keyframes; the noise in them is drawn from it."""


@dataclass(frozen=True)
class Cast:
    """The cameras of one run."""

    busy: tuple[str, ...]
    quiet: tuple[str, ...]
    """Those that show a night in which nothing happens, spread evenly among the others."""
    plants: tuple[Plant, ...]
    """Each in a busy camera."""

    @property
    def parts(self) -> dict[str, Part]:
        """Of the cameras, and of those that nobody watches."""
        streets, nights = streets_of(len(self.busy)), nights_of(len(self.quiet))
        shown: dict[str, Part] = {}
        for number, name in enumerate(self.busy):
            shown[name] = Part(streets[number % len(streets)], f"street-{number}")
        for number, name in enumerate(self.quiet):
            shown[name] = Part(nights[number % len(nights)], f"night-{number}")
        for number, plant in enumerate(self.plants):
            shown[SHOWN_FROM + plant.camera] = Part(plant.kind.name, f"planted-{number}")
        return shown

    @property
    def clips(self) -> frozenset[str]:
        """The clips that it takes."""
        return frozenset(part.clip for part in self.parts.values())


def cast_of(cameras: int, night: int, counts: Mapping[str, int], seconds: float) -> Cast:
    """Cameras cam0, cam1 …, `night` of them quiet, and so many of each kind planted.

    Raises:
        ConfigurationError: more quiet cameras than cameras, or plants that do not fit.
    """
    if night > cameras:
        raise ConfigurationError(f"--night: expected at most {cameras} cameras, got {night}")
    names = names_of(cameras)
    quiet = tuple(names[int((place + 0.5) * cameras / night)] for place in range(night))
    busy = tuple(name for name in names if name not in quiet)
    return Cast(busy, quiet, tuple(plants_of(busy, counts, seconds)))


def names_of(cameras: int) -> tuple[str, ...]:
    """The measured cameras."""
    return tuple(f"cam{number}" for number in range(cameras))


@dataclass(frozen=True)
class Footage:
    """The files of a simulator's cameras."""

    clips: Mapping[str, Path]
    keyframes: Mapping[str, Path]
    """Those that each alone sends, in place of its clip's."""


def footage_of(cast: Cast, media: BenchMedia, small: BenchMedia | None, tell: Tell) -> Footage:
    """The files of all cameras, and of their second streams if there are `small` clips; keyframes
    that are not there yet are made, beside the clips."""
    clips: dict[str, Path] = {}
    keyframes: dict[str, Path] = {}
    wishes: _Wishes = defaultdict(dict)
    for end, of in (("", media), *([(SUB, small)] if small else [])):
        for name, part in cast.parts.items():
            clip = of.clips[part.clip]
            own = clip.with_name(f"{clip.stem}-{part.own}-{_KEY}{clip.suffix}")
            clips[name + end], keyframes[name + end] = clip, own
            if not own.exists():
                wishes[clip, clean_of(media.clips[part.clip])][own] = noise_of(part)
    _make(wishes, tell)
    return Footage(clips, keyframes)


def noise_of(part: Part) -> Noise:
    """Always the same for one camera, another for each."""
    seed = int.from_bytes(hashlib.blake2b(part.own.encode(), digest_size=8).digest(), "big")
    low, high = NIGHT_LEVELS if part.clip.startswith(NIGHT) else DAY_LEVELS
    return Noise(seed, low + (high - low) * (seed % 1000) / 999)


_Wishes = dict[tuple[Path, Path], dict[Path, Noise]]
"""Of a clip and what its keyframes are made of: the files to write, and the noise in them."""


def _make(wishes: _Wishes, tell: Tell) -> None:
    count = sum(map(len, wishes.values()))

    def told(before: int, _: Path, done: int, __: int) -> None:
        tell("keyframes of each camera's own", (before + done) / count)

    before = 0
    for (clip, clean), targets in wishes.items():
        make_own_keyframes(clip, clean, targets, partial(told, before))
        before += len(targets)


@dataclass(frozen=True, slots=True)
class Distinct:
    """Whether the cameras of a simulator are told apart by their keyframes."""

    keyframes: int
    """How many all cameras have together."""
    alike: tuple[tuple[str, str], ...] = ()
    """Cameras that have one in common."""


def distinct(clips: Mapping[str, Clip]) -> Distinct:
    """Compare the bytes of all keyframes of all cameras."""
    owners: dict[bytes, str] = {}
    alike: set[tuple[str, str]] = set()
    count = 0
    for name, clip in clips.items():
        for unit in clip.units:
            if unit.keyframe:
                count += 1
                digest = hashlib.blake2b(unit.packets.data, digest_size=16).digest()
                if (owner := owners.setdefault(digest, name)) != name:
                    alike.add((owner, name))
    return Distinct(count, tuple(sorted(alike)))


def _key() -> str:
    """Changes with whatever shapes keyframes beside their clip."""
    digest = hashlib.sha256(repr((DAY_LEVELS, NIGHT_LEVELS)).encode())
    digest.update(Path(inspect.getfile(own_keyframes)).read_bytes())
    return digest.hexdigest()[:8]


_KEY = _key()
