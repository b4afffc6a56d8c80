"""The bench's clips: 1080p25 H.264 of about 3 Mbit/s with a keyframe every 2 s, one with a fire."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from patrol.demo.compose import Sensor, seen
from patrol.demo.painter import Burning, FirePainter
from streams.encode import read_video, write_video
from streams.frame import Image
from streams.simulator import as_substream

SIZE_WH = (1920, 1080)
FPS = 25
GOP = 2 * FPS
CRF = 27
"""With this grain: 3 Mbit/s and keyframes of some 100 to 200 kB."""
GRAIN = 1.5
"""Texture that scaling up does not give, in grey levels."""
WHOLE: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)
STREET_S = 20.0
FIRE_S = 40.0
BURNING = Burning(starts_s=1.0, grown_s=4.0, fades_s=36.0, out_s=39.0)
"""A fire breaks out 1 s after its camera was switched to this clip."""
PAINTED_WH = (768, 432)
PAINTED_FPS = 12.5

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class BenchMedia:
    """The folders that are served."""

    street: Path
    fire: Path

    def small(self, progress: "Progress") -> "BenchMedia":
        """The same as second streams: 704×576, 0.5 Mbit/s, a keyframe each second."""

        def tell(clip: Path, share: float) -> None:
            progress(f"small {clip.name}", round(share * 100), 100)

        folder = self.street.parent
        return BenchMedia(
            as_substream(self.street, folder, progress=tell),
            as_substream(self.fire, folder, progress=tell),
        )


def make_bench_media(source: Path, target: Path, progress: Progress) -> BenchMedia:
    """Encode the clips of `source` (a video of a place) below `target`, unless they are there.

    Raises:
        StreamError: the source cannot be read.
    """
    media = BenchMedia(target / "street.mp4", target / "fire.mp4")
    target.mkdir(parents=True, exist_ok=True)
    for path, count, pictures in (
        (media.street, round(STREET_S * FPS), _street(source)),
        (media.fire, round(FIRE_S * FPS), _burning(source)),
    ):
        if not path.exists():
            _encode(path, count, pictures, progress)
    return media


def _encode(path: Path, count: int, pictures: Iterator[Image], progress: Progress) -> None:
    unfinished = path.with_suffix(".unfinished")
    whole = _counted(_grainy(islice(pictures, count)), path.name, count, progress)
    write_video(unfinished, whole, size_wh=SIZE_WH, fps=FPS, gop=GOP, crf=CRF, preset="superfast")
    unfinished.replace(path)


def _street(source: Path) -> Iterator[Image]:
    while True:
        yield from read_video(source, fps=FPS)


def _burning(source: Path) -> Iterator[Image]:
    """The street at half the rate, each picture twice: the gas costs more than the encoder."""
    painter = FirePainter(PAINTED_WH, burning=BURNING)
    number = 0
    while True:
        for image in islice(read_video(source, fps=FPS), 0, None, 2):
            painted = painter.paint(seen(image, WHOLE, PAINTED_WH), number / PAINTED_FPS)
            number += 1
            yield painted
            yield painted


def _grainy(pictures: Iterator[Image]) -> Iterator[Image]:
    sensor = Sensor(SIZE_WH, GRAIN, seed=1)
    return (sensor.grainy(seen(image, WHOLE, SIZE_WH)) for image in pictures)


def _counted(
    pictures: Iterator[Image], name: str, count: int, progress: Progress
) -> Iterator[Image]:
    for done, picture in enumerate(pictures, start=1):
        yield picture
        progress(name, done, count)
