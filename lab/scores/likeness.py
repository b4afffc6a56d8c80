"""How alike two pictures look: difference hashes of 256 bits, and how many bits differ.

The difference hash (dHash: N. Krawetz, "Kind of Like That", 2013) shrinks a picture to 17 × 16
grey cells and notes of each whether it is brighter than its right neighbour. Scale, aspect,
compression and light hardly move it: copies of a picture lie within some 10 bits of one another,
frames of one scene within 40, and unrelated pictures around 128.
"""

from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from models.letterbox import Image

BITS = 256
_SIDE = 16
_WORDS = BITS // 64
Hashes = NDArray[np.uint64]
"""(n, 4), the 256 bits of n pictures."""
_BLOCK = 512
"""Pictures of a side that are compared at once: 512 × 512 × 4 words are 8 MB."""
_PAIRS, _QUADS, _NIBBLES, _BYTES = (
    np.uint64(mask)
    for mask in (0x5555555555555555, 0x3333333333333333, 0x0F0F0F0F0F0F0F0F, 0x0101010101010101)
)


def difference_hash(image: Image) -> Hashes:
    """The hash (4,) of a picture, (h, w, 3) uint8 BGR."""
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    small = np.asarray(cv2.resize(grey, (_SIDE + 1, _SIDE), interpolation=cv2.INTER_AREA), np.int16)
    return np.packbits(small[:, :-1] > small[:, 1:]).view(np.uint64)


def bits_set(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """How many bits of each word are 1; any shape. (numpy counts them itself only from 2.0 on.)"""
    words = words - ((words >> np.uint64(1)) & _PAIRS)
    words = (words & _QUADS) + ((words >> np.uint64(2)) & _QUADS)
    words = (words + (words >> np.uint64(4))) & _NIBBLES
    return (words * _BYTES) >> np.uint64(56)


def distances(ones: Hashes, others: Hashes) -> NDArray[np.int64]:
    """How many bits differ, (n, m), of n hashes (n, 4) and m (m, 4)."""
    differ = bits_set(ones[:, None, :] ^ others[None, :, :])
    return np.asarray(differ.sum(axis=2), np.int64)


def nearest(ones: Hashes, others: Hashes) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
    """For `ones`, block by block: the row of its nearest in `others`, and the bits that differ."""
    for start in range(0, len(ones), _BLOCK):
        block = ones[start : start + _BLOCK]
        rows, least = np.zeros(len(block), np.int64), np.full(len(block), BITS + 1, np.int64)
        for begin in range(0, len(others), _BLOCK):
            bits = distances(block, others[begin : begin + _BLOCK])
            its = bits.argmin(axis=1)
            near = np.take_along_axis(bits, its[:, None], axis=1)[:, 0]
            closer = near < least
            rows[closer], least[closer] = begin + its[closer], near[closer]
        yield rows, least
