"""The worst that a detector does on labelled pictures: what it dreams, misses and misplaces."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from heapq import heappushpop
from typing import Literal

import cv2
import numpy as np

from lab.footage.sources import Sight
from models.detections import Detections
from models.detector import Detects
from models.heads.nms import iou_with
from models.letterbox import Image

MistakeKind = Literal["false", "missed", "misplaced"]
KINDS: tuple[MistakeKind, ...] = ("false", "missed", "misplaced")
HIT_IOU = 0.5
NEAR_IOU = 0.1
"""A box that overlaps what is marked by so much means it, but lies badly."""
SHOWN_PX = 560
"""Pictures are kept this wide at most."""
_JPEG_QUALITY = 80


@dataclass(frozen=True, eq=False)
class Mistake:
    """One mistake and the picture it was made in.

    Attributes:
        badness: score of a false or misplaced box, share of the picture of a missed one.
        iou: the best overlap with what is marked (false, misplaced).
        xyxy: (4,) frame units.
        truth, found: all boxes of the class in this picture, those at the threshold at least.
        jpeg: the picture, small.
    """

    kind: MistakeKind
    label: str
    badness: float
    iou: float
    xyxy: np.ndarray
    sight_file: str
    source: str
    truth: Detections
    found: Detections
    jpeg: bytes


@dataclass(frozen=True, slots=True, eq=False)
class _Slip:
    kind: MistakeKind
    badness: float
    iou: float
    xyxy: np.ndarray


class MistakeBook:
    """Keeps the worst mistakes of each kind and class, one for each picture, and counts all."""

    def __init__(self, labels: Sequence[str], *, confidence: float, keep: int) -> None:
        """`keep` bounds how many of each kind and class are kept with their pictures."""
        self.labels = tuple(labels)
        self.confidence = confidence
        self.pictures = 0
        self.counts: dict[tuple[MistakeKind, str], int] = {
            (kind, label): 0 for kind in KINDS for label in self.labels
        }
        self._keep = keep
        self._heaps: dict[tuple[MistakeKind, str], list[tuple[float, int, Mistake]]] = {}

    def add(self, sight: Sight, found: Detections) -> None:
        """Compare what was found in a picture with what is marked in it."""
        self.pictures += 1
        sure = found.at_least(self.confidence)
        for label in self.labels:
            boxes, truth = sure.of(label), sight.truth.of(label)
            worst: dict[MistakeKind, _Slip] = {}
            for slip in _slips(truth, boxes):
                self.counts[slip.kind, label] += 1
                if slip.kind not in worst or slip.badness > worst[slip.kind].badness:
                    worst[slip.kind] = slip
            for slip in worst.values():
                self._keep_if_bad(slip, label, sight, truth, boxes)

    def worst(self, kind: MistakeKind, label: str) -> tuple[Mistake, ...]:
        """The worst first."""
        heap = self._heaps.get((kind, label), [])
        return tuple(mistake for _, _, mistake in sorted(heap, key=lambda row: (-row[0], -row[1])))

    def _keep_if_bad(
        self, slip: _Slip, label: str, sight: Sight, truth: Detections, found: Detections
    ) -> None:
        heap = self._heaps.setdefault((slip.kind, label), [])
        if len(heap) >= self._keep and slip.badness <= heap[0][0]:
            return
        mistake = Mistake(
            slip.kind, label, slip.badness, slip.iou, slip.xyxy, sight.file, sight.source,
            truth, found, _small_jpeg(sight.image),
        )  # fmt: skip
        # Of equally bad ones the first stays: the number of the picture decides, falling.
        row = (slip.badness, -self.pictures, mistake)
        if len(heap) < self._keep:
            heap.append(row)
            heap.sort(key=lambda entry: entry[:2])
        else:
            heappushpop(heap, row)


def find_mistakes(
    detector: Detects,
    sights: Iterable[Sight],
    book: MistakeBook,
    progress: Callable[[int], None] = lambda done: None,
) -> None:
    """Look at picture after picture and write the mistakes into the book."""
    for sight in sights:
        (found,) = detector.detect([sight.image])
        book.add(sight, found)
        progress(book.pictures)


def _slips(truth: Detections, found: Detections) -> Iterator[_Slip]:
    """What is wrong with the boxes of one class in one picture."""
    found = found[np.argsort(-found.scores, kind="stable")]
    free = np.ones(len(truth), bool)
    for box, score in zip(found.xyxy, found.scores, strict=True):
        overlaps = iou_with(box, truth.xyxy) if len(truth) else np.zeros(0, np.float32)
        hits = np.where(free, overlaps, -1.0)
        if len(hits) and hits.max() >= HIT_IOU:
            free[int(hits.argmax())] = False
            continue
        iou = float(overlaps.max(initial=0.0))
        if iou < HIT_IOU:  # else it is only a second box of what is found already
            yield _Slip("misplaced" if iou >= NEAR_IOU else "false", float(score), iou, box)
    for box in truth.xyxy[free]:
        yield _Slip("missed", float(np.prod(box[2:] - box[:2])), 0.0, box)


def _small_jpeg(image: Image) -> bytes:
    height, width = image.shape[:2]
    if width > SHOWN_PX:
        size_wh = SHOWN_PX, round(height * SHOWN_PX / width)
        image = np.asarray(cv2.resize(image, size_wh, interpolation=cv2.INTER_AREA), np.uint8)
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    return bytes(data)
