"""The bench's clips in 320×180 and of few pictures: of the same encoder, with the same parts."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from lab.bench.grain import Grain
from lab.bench.media import BenchMedia
from lab.bench.recipes import clean_of
from lab.footage.simulator.own_keyframes import CLEAN_FPS
from streams.encode import write_video
from streams.frame import Image

SIZE_WH = (320, 180)
FPS, GOP, KEYFRAMES = 10, 20, 4

Paint = Callable[[int], Image]


def busy(number: int) -> Image:
    """A wall with a window, and somebody large who walks by: (180, 320, 3) uint8."""
    image = still(number)
    left = number * 9 % 260
    image[70:170, left : left + 50] = (20, 60, 160)
    return image


def still(number: int) -> Image:
    image = np.full((SIZE_WH[1], SIZE_WH[0], 3), 90, np.uint8)
    image[20:60, 40:120] = 200
    return image


def tiny_media(folder: Path, paints: Mapping[str, Paint]) -> BenchMedia:
    """A clip for each name, below `folder`, and beside it what its keyframes are made of."""
    clips = {name: folder / f"{name}.mp4" for name in paints}
    count = GOP * KEYFRAMES
    for seed, (name, path) in enumerate(clips.items()):
        pictures = [paints[name](number) for number in range(count)]
        grainy = map(Grain(SIZE_WH, 1.5, seed).on, [*pictures[:1] * GOP, *pictures])
        write_video(
            path, grainy, size_wh=SIZE_WH, fps=FPS, gop=GOP, preset="superfast", bits_s=400_000,
            lead_in=GOP,
        )  # fmt: skip
        clean = pictures[:: FPS // CLEAN_FPS]
        write_video(clean_of(path), clean, size_wh=SIZE_WH, fps=CLEAN_FPS, crf=8)
    return BenchMedia(clips)
