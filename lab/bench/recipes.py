"""How each of the bench's clips is made: pictures out of a video of a place, encoded as a camera
would."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice, repeat
from pathlib import Path

import cv2
import numpy as np

from lab.bench.crowds import MOMENTS, MOMENTS_APART_S, crowded, empty_place, van_of, with_van
from lab.bench.grain import Grain
from lab.footage.demo.compose import night, seen
from lab.footage.demo.painter import Burning, FirePainter
from lab.footage.simulator.own_keyframes import CLEAN_FPS
from streams.encode import read_video, write_video
from streams.frame import Image

SIZE_WH = (1920, 1080)
FPS = 25
GOP = 2 * FPS
BITS_S = 3_000_000
"""Asked of the encoder: at a fixed quality one source and one encoder give half of another."""
GRAIN = 1.5
"""A sensor by day, in grey levels: texture that scaling up does not give."""
WHOLE: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)
STREET_S = 20.0
STREETS_APART_S = 10.0
"""Between the moments of the source at which two streets begin."""
LIGHTS = (1.0, 0.92, 1.06, 0.88, 0.96, 1.1, 0.9, 1.03)
"""How bright the streets are, one after the other."""
NIGHT_S = 32.0
"""Longer than the network is ever spared in a row: nothing is compared with itself."""
NIGHT_GRAIN = 3.0
"""A sensor in the dark, after what cameras do against it."""
CLEAN_CRF = 8
"""Next to nothing is lost."""
FIRE_S = 40.0
FLOOD_S = 10.0
FLOOD_GRAIN = 8.0
FLOOD_BITS_S = 20_000_000
SMALL_S = 10.0
SMALL_WH = (640, 360)
SMALL_FPS = 10
BURNING = Burning(starts_s=1.0, grown_s=4.0, fades_s=36.0, out_s=39.0)
"""A fire breaks out 1 s after its camera was switched to this clip."""
PAINTED_WH = (768, 432)
PAINTED_FPS = 12.5
THERE_AND_BACK = 16 * 7
"""Pictures from the first to the turn of the endless clip, and back to the first: it can be sent
round and round with its keyframe once only, because it ends as it begins, and because numbers of
H.264 pictures count to 16 and start over."""

Tell = Callable[[int, int], None]
"""Told how many pictures are done, and of how many."""


@dataclass(frozen=True, slots=True)
class Order:
    """One clip that is to be made."""

    source: Path
    """A video of a place."""
    path: Path
    van_from: Path
    number: int = 0
    """Of a street: which one."""


def make_street(order: Order, tell: Tell) -> None:
    light = LIGHTS[order.number % len(LIGHTS)]
    street = _street(order.source, order.number * STREETS_APART_S)
    _encode(order, (_lit(image, light) for image in street), STREET_S, tell)


def make_night(order: Order, tell: Tell) -> None:
    """The empty place, as it is at night: nothing moves but the sensor's noise."""
    light = LIGHTS[order.number % len(LIGHTS)]
    still = _lit(night(seen(empty_place(order.source), WHOLE, SIZE_WH)), light)
    _encode(order, repeat(still), NIGHT_S, tell, grain=NIGHT_GRAIN)


def make_fire(order: Order, tell: Tell) -> None:
    _encode(order, _burning(order.source), FIRE_S, tell)


def make_crowd(order: Order, tell: Tell) -> None:
    starts_s = [number * MOMENTS_APART_S for number in range(MOMENTS)]
    moments = zip(*(_half_rate(_street(order.source, at_s)) for at_s in starts_s), strict=True)
    _encode(order, _twice(crowded(moments, empty_place(order.source))), STREET_S, tell)


def make_parked(order: Order, tell: Tell) -> None:
    parked = with_van(_half_rate(_street(order.source)), van_of(order.van_from))
    _encode(order, _twice(parked), STREET_S, tell)


def make_flood(order: Order, tell: Tell) -> None:
    count = round(FLOOD_S * FPS)
    street = _counted(islice(_scaled(_street(order.source)), count), count, tell)
    _write(order, street, bits_s=FLOOD_BITS_S, grain=FLOOD_GRAIN)


def make_endless(order: Order, tell: Tell) -> None:
    count = 2 * THERE_AND_BACK + 1
    _write(order, _counted(_scaled(_there_and_back(order.source)), count, tell), gop=count + 1)


def make_small(order: Order, tell: Tell) -> None:
    count = round(SMALL_S * SMALL_FPS)
    places = islice(read_video(order.source, fps=SMALL_FPS), count)
    pictures = (seen(image, WHOLE, SMALL_WH) for image in places)
    whole = _counted(pictures, count, tell)
    write_video(order.path, whole, size_wh=SMALL_WH, fps=SMALL_FPS, gop=SMALL_FPS)


def clean_of(path: Path) -> Path:
    """Where the pictures of a clip are kept as they were before noise and encoder, one a second."""
    return path.with_name(f"{path.stem}-clean{path.suffix}")


def _encode(
    order: Order,
    pictures: Iterator[Image],
    seconds: float,
    tell: Tell,
    *,
    grain: float = GRAIN,
) -> None:
    """A clip of which cameras send keyframes of their own, and what those are made of."""
    count = round(seconds * FPS)
    clean: list[Image] = []
    scaled = _noting(islice(_scaled(pictures), count), clean)
    led_in = chain(repeat(first := next(scaled), GOP), [first], scaled)
    _write(order, _counted(led_in, GOP + count, tell), grain=grain, lead_in=GOP)
    write_video(clean_of(order.path), clean, size_wh=SIZE_WH, fps=CLEAN_FPS, crf=CLEAN_CRF)


def _noting(pictures: Iterable[Image], clean: list[Image]) -> Iterator[Image]:
    """The pictures; those of whole seconds are noted."""
    for number, picture in enumerate(pictures):
        if number % (FPS // CLEAN_FPS) == 0:
            clean.append(picture)
        yield picture


def _write(
    order: Order,
    pictures: Iterator[Image],
    *,
    gop: int = GOP,
    bits_s: int = BITS_S,
    grain: float = GRAIN,
    lead_in: int = 0,
) -> None:
    sensor = Grain(SIZE_WH, grain, seed=1 + order.number)
    write = partial(write_video, size_wh=SIZE_WH, fps=FPS, gop=gop, preset="superfast")
    write(order.path, map(sensor.on, pictures), bits_s=bits_s, lead_in=lead_in)


def _scaled(pictures: Iterable[Image]) -> Iterator[Image]:
    """All in the bench's size; one that comes again, as from a source of less pictures a second,
    is scaled once."""
    known: tuple[Image, Image] | None = None
    for picture in pictures:
        if known is None or not (known[0] is picture or np.array_equal(known[0], picture)):
            known = picture, seen(picture, WHOLE, SIZE_WH)
        yield known[1]


def _street(source: Path, start_s: float = 0.0) -> Iterator[Image]:
    """The source from a moment on, then over and over from its beginning."""
    yield from read_video(source, fps=FPS, start_s=start_s)
    while True:
        yield from read_video(source, fps=FPS)


def _lit(image: Image, light: float) -> Image:
    """The picture in another light; itself in that of the source."""
    return image if light == 1.0 else np.asarray(cv2.convertScaleAbs(image, alpha=light), np.uint8)


def _there_and_back(source: Path) -> Iterator[Image]:
    turn = THERE_AND_BACK
    there = list(islice(_half_rate(_street(source)), turn // 2 + 1))
    order = [*range(turn), turn, *range(turn - 1, -1, -1)]
    return (there[number // 2] for number in order)


def _burning(source: Path) -> Iterator[Image]:
    """The street at half the rate, each picture twice: the gas costs more than the encoder."""
    painter = FirePainter(PAINTED_WH, burning=BURNING)
    pictures = enumerate(_half_rate(_street(source)))
    return _twice(
        painter.paint(seen(image, WHOLE, PAINTED_WH), number / PAINTED_FPS)
        for number, image in pictures
    )


def _half_rate(pictures: Iterator[Image]) -> Iterator[Image]:
    return islice(pictures, 0, None, 2)


def _twice(pictures: Iterable[Image]) -> Iterator[Image]:
    for picture in pictures:
        yield picture
        yield picture


def _counted(pictures: Iterable[Image], count: int, tell: Tell) -> Iterator[Image]:
    for done, picture in enumerate(pictures, start=1):
        yield picture
        tell(done, count)


Maker = Callable[[Order, Tell], None]

RECIPES: Mapping[str, Maker] = {
    "street": make_street,
    "night": make_night,
    "fire": make_fire,
    "crowd": make_crowd,
    "parked": make_parked,
    "flood": make_flood,
    "endless": make_endless,
    "small": make_small,
}
