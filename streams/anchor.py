"""The stream's own timestamps, tied to this machine's clock."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

JUMP_S = 3.0
"""Timestamps that run this much ahead of the time that has passed have jumped."""
REORDER_S = 1.5
REORDER_PICTURES = 8
"""Timestamps may step back this far within a group of pictures (B-frames): so many seconds, and
so many of the usual steps ahead."""
LATE_S = 5.0
"""A picture may be dated this long before its arrival; beyond, arrival is believed."""
SET_BACK = timedelta(seconds=2 * LATE_S)
"""A clock so far behind the last picture was set back. Less is waited for: the pictures of that
time bear one date."""
LEAK = 0.005
"""How much of each passing second the tie may give way when packets come later than dated:
it follows a camera's slow clock but not the jitter of the network."""
_FIRST_STEP_S = 0.04
_FIRST_REORDERED_STEP_S = 0.5


@dataclass(frozen=True, slots=True)
class Stamp:
    """When one packet is shown and when it was sent."""

    pts: int
    dts: int | None
    captured_at: datetime
    stream_s: float


class Anchor:
    """Places the packets of one connection in time.

    The camera is taken to have sent each packet at its timestamp plus the shortest delay seen,
    so `captured_at` is even where arrival is jittery, and never later than arrival; it steps back
    only with a clock that is set back. Timestamps that restart or jump go on where the last ones
    ended, by the time that passed between.
    """

    def __init__(self, time_base: Fraction, not_before: datetime | None = None) -> None:
        """`not_before` is the last `captured_at` of the connection before."""
        self._time_base = time_base
        self._tick_s = float(time_base)
        """Fractions are exact and cost as much as all else that is done with a packet."""
        self._captured_at = not_before
        self._arrived_at: datetime | None = None
        self._first_s = 0.0
        self._shift: int | None = None
        """From the camera's timestamps to ours; None until it sent one (first packets often
        carry none)."""
        self._last_pts = 0
        self._highest_pts = 0
        self._step_s = _FIRST_STEP_S
        self._delay_s = 0.0

    def place(
        self, pts: int | None, dts: int | None, arrived_at: datetime, *, keyframe: bool = False
    ) -> Stamp:
        """The stamp of the next packet; `pts` and `dts` in the stream's time base."""
        if self._arrived_at is None:
            return self._first(pts, dts, arrived_at)
        waited_s = max((arrived_at - self._arrived_at).total_seconds(), 0.0)
        self._arrived_at = arrived_at
        raw = pts if pts is not None else dts
        if self._shift is None and pts is not None and dts is None:
            # libav gives no decoding times at first where pictures are reordered: room for those
            # that are sent later and shown earlier
            self._step_s = _FIRST_REORDERED_STEP_S
        placed = self._placed(raw, waited_s, keyframe)
        self._remember(placed)
        return self._stamp(placed, dts, arrived_at, waited_s)

    def _first(self, pts: int | None, dts: int | None, arrived_at: datetime) -> Stamp:
        raw = pts if pts is not None else dts
        if raw is not None:
            self._shift = 0
        placed = raw or 0
        self._last_pts = self._highest_pts = placed
        self._arrived_at = arrived_at
        self._first_s = placed * self._tick_s
        self._delay_s = arrived_at.timestamp()
        return self._stamp(placed, dts, arrived_at, 0.0)

    def _placed(self, raw: int | None, waited_s: float, keyframe: bool) -> int:
        if raw is not None and self._shift is not None:
            placed = raw + self._shift
            if not self._is_jump(placed, waited_s, keyframe):
                return placed
        step = max(round(max(waited_s, self._step_s) / self._time_base), 1)
        goes_on_at = self._highest_pts + step
        if raw is not None:
            self._shift = goes_on_at - raw
        return goes_on_at

    def _is_jump(self, placed: int, waited_s: float, keyframe: bool) -> bool:
        step_s = (placed - self._last_pts) * self._tick_s
        back_s = (placed - self._highest_pts) * self._tick_s
        reorder_s = min(REORDER_S, REORDER_PICTURES * self._step_s)
        # No picture before a keyframe is shown after it, so one that steps back has restarted.
        return step_s > waited_s + JUMP_S or back_s < -reorder_s or (keyframe and back_s <= 0)

    def _remember(self, placed: int) -> None:
        ahead_s = (placed - self._highest_pts) * self._tick_s
        if 0 < ahead_s < 1:
            self._step_s = ahead_s
        self._last_pts = placed
        self._highest_pts = max(self._highest_pts, placed)

    def _stamp(self, placed: int, dts: int | None, arrived_at: datetime, waited_s: float) -> Stamp:
        stream_s = placed * self._tick_s - self._first_s
        captured_at = arrived_at - timedelta(
            seconds=self._lateness_s(stream_s, arrived_at, waited_s)
        )
        if self._captured_at is not None and self._captured_at - captured_at <= SET_BACK:
            captured_at = max(captured_at, self._captured_at)
        self._captured_at = captured_at
        shifted_dts = None if dts is None else dts + (self._shift or 0)
        return Stamp(placed, shifted_dts, captured_at, stream_s)

    def _lateness_s(self, stream_s: float, arrived_at: datetime, waited_s: float) -> float:
        """By how much this packet took longer than the quickest ones do."""
        delay_s = arrived_at.timestamp() - stream_s
        self._delay_s = min(delay_s, self._delay_s + LEAK * waited_s)
        if delay_s - self._delay_s > LATE_S:
            self._delay_s = delay_s
        return delay_s - self._delay_s
