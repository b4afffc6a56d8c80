"""The view of a camera: is it still the one that its zones were drawn on?

A view is remembered by its edges, small and with the contrast of each place set to one, so that
light and shade, day and night matter little. It is compared block by block: a block agrees if its
edges are found again where they were, or up to `SLACK_PX` beside (wind, and the camera's own
stabiliser). A lorry hides some blocks, never all; of a turned camera none agree.
"""

import io
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]
Edges = NDArray[np.float32]
"""The edges of a picture, (h, VIEW_WIDTH), 0 where there are none."""

VIEW_WIDTH = 160
BLOCK_PX = 20
SLACK_PX = 2
"""Shifts up to this are none: 1.2 % of the picture's width."""
LEAST_ROWS = BLOCK_PX + 2 * SLACK_PX
"""A view is at least one block high, however wide the panorama."""
FAINT = 2.5
"""Mean edge strength in grey levels below which a block shows nothing to compare."""
SAME = 0.45
"""Correlation from which on a block's edges are the same."""
LEAST_BLOCKS = 8
"""With fewer blocks to compare nobody can tell."""
CLEARLY_SAME = 0.6
"""With so many blocks agreeing the view is the same (real scenes: 0.4-1.0, the median 0.9)."""
LOST = 0.2
"""With fewer the view is another one (other scenes: 0-0.17; a turned camera: 0-0.3)."""
KNOWN = 0.35
"""With fewer than so many nobody can tell, unless the view is found again elsewhere."""
FOUND_AGAIN = 0.45
BETTER_THERE = 0.3
"""Between the two the camera has moved if so many blocks agree once the picture is shifted back,
and so many more than without."""
LEARN_S = 60.0
LEARN_LOOKS = 6
"""How long the view is learned before it is asked for."""
FOLLOW_S = 900.0
"""How fast the reference follows slow change (seconds for two thirds)."""
EVERY_S = 5.0
"""The view is looked at this often; nobody turns a camera and back within that."""
CREPT_EVERY_S = 30.0
"""The view that follows slow change is compared with the first this often; it moves by a thirtieth
in that time."""
_NEAR = (17, 17)
_SOFTENING = 6.0


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """The edges of one picture, and how strong they were, both (h, VIEW_WIDTH) float32."""

    edges: Edges
    strength: Edges


def view_of(grey: Grey, rows: int | None = None) -> View:
    """The view that a grey picture (h, w) shows, squeezed into so many `rows` if they are given: a
    camera's second stream shows the same as its first in another shape."""
    height, width = grey.shape
    size_wh = VIEW_WIDTH, rows or max(LEAST_ROWS, round(height * VIEW_WIDTH / width))
    small = cv2.resize(grey, size_wh, interpolation=cv2.INTER_AREA)
    plane = cv2.GaussianBlur(small.astype(np.float32), (3, 3), 0)
    strength = cv2.magnitude(
        cv2.Sobel(plane, cv2.CV_32F, 1, 0, scale=0.25),
        cv2.Sobel(plane, cv2.CV_32F, 0, 1, scale=0.25),
    )
    edges = strength / (cv2.blur(strength, _NEAR) + _SOFTENING)
    return View(np.asarray(edges, np.float32), np.asarray(strength, np.float32))


def agreement(view: View, reference: View) -> float | None:
    """The share 0-1 of the blocks in which two views agree; none if too few blocks show anything
    in both. Views of two shapes never agree."""
    if view.edges.shape != reference.edges.shape:
        return 0.0
    shows = np.minimum(_by_block(view.strength), _by_block(reference.strength)) >= FAINT
    told = [
        _likeness(view, reference, SLACK_PX + row * BLOCK_PX, SLACK_PX + column * BLOCK_PX)
        for row, column in np.argwhere(shows).tolist()
    ]
    if len(told) < LEAST_BLOCKS:
        return None
    return sum(likeness >= SAME for likeness in told) / len(told)


def _by_block(plane: Edges) -> Edges:
    """The mean of each block that has room to be shifted."""
    rows, columns = ((side - 2 * SLACK_PX) // BLOCK_PX for side in plane.shape)
    inner = plane[SLACK_PX : SLACK_PX + rows * BLOCK_PX, SLACK_PX : SLACK_PX + columns * BLOCK_PX]
    small = cv2.resize(inner, (columns, rows), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32)


def _likeness(view: View, reference: View, row: int, column: int) -> float:
    block = np.s_[row : row + BLOCK_PX, column : column + BLOCK_PX]
    around = np.s_[
        row - SLACK_PX : row + BLOCK_PX + SLACK_PX, column - SLACK_PX : column + BLOCK_PX + SLACK_PX
    ]
    found = cv2.matchTemplate(view.edges[around], reference.edges[block], cv2.TM_CCOEFF_NORMED)
    return float(found.max())


def blended(reference: View, view: View, rate: float) -> View:
    """The reference after it followed a view by `rate` (0-1)."""
    return View(
        reference.edges + rate * (view.edges - reference.edges),
        reference.strength + rate * (view.strength - reference.strength),
    )


def is_elsewhere(view: View, reference: View) -> bool | None:
    """Whether a view is of something else than the reference, or of it from elsewhere; none if it
    shows too little to tell."""
    here = agreement(view, reference)
    if here is None or here >= CLEARLY_SAME:
        return None if here is None else False
    if here < LOST or _was_shifted(view, reference):
        return True
    return False if here >= KNOWN else None


def _was_shifted(view: View, first: View) -> bool:
    """Whether a view shows what the first one did, but beside it; in another light: no."""
    here = agreement(view, first)
    if here is None or here >= CLEARLY_SAME:
        return False
    there = agreement(_moved_back(view, _shift(view, first)), first) or 0.0
    return there >= FOUND_AGAIN and there - here >= BETTER_THERE


def _shift(view: View, reference: View) -> tuple[float, float]:
    """How far the view's edges lie beside those of the reference, in pixels (x, y)."""
    height, width = reference.edges.shape
    window = cv2.createHanningWindow((width, height), cv2.CV_32F)
    # It multiplies the window into what it is given.
    (x, y), _ = cv2.phaseCorrelate(reference.edges.copy(), view.edges.copy(), window)
    return x, y


def _moved_back(view: View, shift: tuple[float, float]) -> View:
    x, y = shift
    matrix = np.array([[1, 0, -x], [0, 1, -y]], np.float32)
    height, width = view.edges.shape
    planes = (
        cv2.warpAffine(plane, matrix, (width, height)) for plane in (view.edges, view.strength)
    )
    edges, strength = (np.asarray(plane, np.float32) for plane in planes)
    return View(edges, strength)


class ViewWatch:
    """Remembers the view of one camera and says whether a picture still shows it.

    Two views are kept: the one that was learned first, and one that follows slow change (the
    light, leaves, a heap of earth) so that dusk and winter are no surprise. A mount that gives way
    a little every day takes the second along, but not the first.
    """

    def __init__(self, remembered: bytes | None = None) -> None:
        self._first: View | None = None
        self._lately: View | None = None
        self._since_s: float | None = None
        self._looked_s = 0.0
        self._looks = 0
        self._learned = False
        self._crept = False
        self._crept_at_s: float | None = None
        if remembered is not None:
            self._recall(remembered)

    @property
    def remembered(self) -> bytes | None:
        """What is worth keeping over a restart; none while the view is being learned."""
        if not self._learned or self._first is None or self._lately is None:
            return None
        kept = io.BytesIO()
        planes = (
            self._first.edges,
            self._first.strength,
            self._lately.edges,
            self._lately.strength,
        )
        np.savez_compressed(kept, *(plane.astype(np.float16) for plane in planes))
        return kept.getvalue()

    def see(self, grey: Grey, now_s: float) -> bool | None:
        """Whether a grey picture (h, w) is of elsewhere; none: nobody can tell, or it was looked
        at a moment ago."""
        if self._looks and now_s - self._looked_s < EVERY_S:
            return None
        step_s = min(now_s - self._looked_s, EVERY_S * 4) if self._looks else 0.0
        self._looked_s, self._looks = now_s, self._looks + 1
        rows = self._lately.edges.shape[0] if self._learned and self._lately is not None else None
        view = view_of(grey, rows)
        if not self._learned:
            self._learn(view, now_s)
            return None
        first, lately = self._first, self._lately
        if first is None or lately is None or (elsewhere := is_elsewhere(view, lately)) is None:
            return None
        if elsewhere or self._has_crept(lately, first, now_s):
            return True
        self._lately = blended(lately, view, 1 - float(np.exp(-step_s / FOLLOW_S)))
        return False

    def _has_crept(self, lately: View, first: View, now_s: float) -> bool:
        """Whether the view that follows has come away from the first, as of a moment ago."""
        if self._crept_at_s is None or not 0 <= now_s - self._crept_at_s < CREPT_EVERY_S:
            self._crept, self._crept_at_s = _was_shifted(lately, first), now_s
        return self._crept

    def _learn(self, view: View, now_s: float) -> None:
        """The mean of the first views: what passes fades from it."""
        if self._lately is None or self._lately.edges.shape != view.edges.shape:
            self._lately, self._since_s, self._looks = view, now_s, 1
        self._lately = blended(self._lately, view, 1 / self._looks)
        since_s = now_s if self._since_s is None else self._since_s
        if now_s - since_s >= LEARN_S and self._looks >= LEARN_LOOKS:
            self._first, self._learned = self._lately, True

    def _recall(self, remembered: bytes) -> None:
        with np.load(io.BytesIO(remembered)) as kept:
            planes = [kept[name].astype(np.float32) for name in kept.files]
        rows = max((len(plane) for plane in planes), default=0)
        shapes = [plane.shape for plane in planes]
        if rows < LEAST_ROWS or shapes != [(rows, VIEW_WIDTH)] * 4:
            expected = f"({LEAST_ROWS} or more, {VIEW_WIDTH})"
            raise ValueError(f"expected four planes of one shape {expected}, got {shapes}")
        self._first, self._lately = View(*planes[:2]), View(*planes[2:])
        self._learned = True
