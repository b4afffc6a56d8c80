"""The stream's own timestamps, tied to this machine's clock."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import NamedTuple

from domain.clock import SET_S, Moment
from streams.rate import StampRate

JUMP_S = 3.0
"""Timestamps that run this much ahead of the time that has passed have jumped."""
REORDER_S = 1.5
REORDER_PICTURES = 8
"""Timestamps may step back this far within a group of pictures (B-frames): so many seconds, and
so many of the usual steps ahead."""
WRAPS = (1 << 32, 1 << 33)
"""Where timestamps begin anew because their bits are used up: RTP's, and those of MPEG-TS."""
LATE_S = 5.0
"""A picture may be dated this long before its arrival; beyond, arrival is believed."""
BEHIND_S = 0.25
"""Pictures that come later and later, without any pause that would explain it, are stamped too
slowly: they are dated no longer than this before they come."""
PAUSE_S = 0.4
PAUSE_TIMES = 3.0
"""What came after such a pause, and so many times the usual one, may be that late."""
SET_BACK_S = 2 * LATE_S
"""A clock so far behind the last picture was set back. Less is waited for: the pictures of that
time bear one date."""
LEAK = 0.005
"""How much of each passing second the tie may give way when packets come later than dated:
it follows a camera's slow clock but not the jitter of the network."""
_FIRST_STEP_S = 0.04
_FIRST_REORDERED_STEP_S = 0.5
_SPAN_S = 0.1
"""Of so long the freshest picture tells how late pictures come."""
_LONGEST_USUAL_S = 1.0
_NO_TIME, _SET = timedelta(), timedelta(seconds=SET_S)


class Stamp(NamedTuple):
    """When one packet is shown and when it was sent."""

    pts: int
    dts: int | None
    captured_at: datetime
    stream_s: float
    captured_s: float
    """When it was sent, as `domain.clock.Moment` counts seconds."""


class Anchor:
    """Places the packets of one connection in time.

    The camera is taken to have sent each packet at its timestamp plus the shortest delay seen,
    so `captured_at` is even where arrival is jittery, and never later than arrival; it steps back
    only with a clock that is set back. Timestamps that restart or jump go on where the last ones
    ended, by the time that passed between; those that run too slowly or too fast are stretched to
    the time in which their pictures come. Timestamps that are true stay as they are.
    """

    def __init__(self, time_base: Fraction, not_before: Moment | None = None) -> None:
        """`not_before` is when the last picture of the connection before was captured."""
        self._tick_s = float(time_base)
        """Fractions are exact and cost as much as all else that is done with a packet."""
        self._captured = not_before
        self._arrived: Moment | None = None
        self._began_s = 0.0
        self._count = 1
        self._first_s = 0.0
        self._shift: int | None = None
        """From the camera's timestamps to ours; None until it sent one (first packets often
        carry none)."""
        self._last_raw: int | None = None
        self._last_pts = 0
        self._highest_pts = 0
        self._step_s = _FIRST_STEP_S
        self._delay_s = 0.0
        self._rate = StampRate()
        self._stretch = _Stretch()
        self._lag = _Lag()

    def place(
        self,
        pts: int | None,
        dts: int | None,
        arrived: Moment | datetime,
        *,
        keyframe: bool = False,
    ) -> Stamp:
        """The stamp of the next packet; `pts` and `dts` in the stream's time base. Where a file
        or a test plays, `arrived` may be virtual time."""
        if isinstance(arrived, datetime):
            arrived = Moment.of(arrived)
        if self._arrived is None:
            return self._first(pts, dts, arrived)
        waited_s = max(arrived - self._arrived, 0.0)
        self._arrived = arrived
        self._count += 1
        raw = pts if pts is not None else dts
        if self._shift is None and pts is not None and dts is None:
            # libav gives no decoding times at first where pictures are reordered: room for those
            # that are sent later and shown earlier
            self._step_s = _FIRST_REORDERED_STEP_S
        placed = self._placed(raw, waited_s, keyframe)
        newest = placed > self._highest_pts
        if newest and self._rate.add(arrived.s, placed * self._tick_s - self._first_s):
            self._stretch.run_at(1 / self._rate.rate)
        self._remember(placed)
        return self._stamp(placed, dts, arrived, waited_s, newest=newest)

    def _first(self, pts: int | None, dts: int | None, arrived: Moment) -> Stamp:
        raw = self._last_raw = pts if pts is not None else dts
        if raw is not None:
            self._shift = 0
        placed = raw or 0
        self._last_pts = self._highest_pts = placed
        self._arrived, self._began_s = arrived, arrived.s
        self._first_s = placed * self._tick_s
        self._delay_s = arrived.s
        self._rate.add(arrived.s, 0.0)
        return self._stamp(placed, dts, arrived, 0.0, newest=True)

    def _placed(self, raw: int | None, waited_s: float, keyframe: bool) -> int:
        if raw is None or (raw == self._last_raw and not keyframe):
            return self._by_arrival(raw)
        self._last_raw = raw
        if self._shift is not None:
            if not self._is_jump(raw + self._shift, waited_s, keyframe):
                return raw + self._shift
            for shift in self._begun_anew(self._shift):
                if not self._is_jump(raw + shift, waited_s, keyframe):
                    if raw + shift > self._highest_pts:
                        self._shift = shift
                    return raw + shift
        step_s = max(waited_s * self._rate.rate, self._step_s)
        goes_on_at = self._highest_pts + max(round(step_s / self._tick_s), 1)
        self._shift = goes_on_at - raw
        return goes_on_at

    def _by_arrival(self, raw: int | None) -> int:
        """Where a picture belongs that says nothing of its time, or always the same: so far after
        the last as pictures come on average, and not before it came."""
        assert self._arrived is not None
        passed_s = self._arrived.s - self._began_s
        highest_s = self._highest_pts * self._tick_s - self._first_s
        ahead_s = min(passed_s / (self._count - 1), passed_s - highest_s)
        if passed_s - highest_s > JUMP_S / 2:
            ahead_s = passed_s - highest_s
        placed = self._highest_pts + max(round(ahead_s / self._tick_s), 1)
        if raw is not None:
            self._shift = placed - raw
        return placed

    @staticmethod
    def _begun_anew(shift: int) -> Iterator[int]:
        """What the shift would be if the timestamps had just begun anew."""
        for wrap in WRAPS:
            yield shift + wrap
            yield shift - wrap

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

    def _stamp(
        self, placed: int, dts: int | None, arrived: Moment, waited_s: float, *, newest: bool
    ) -> Stamp:
        stamp_s = placed * self._tick_s - self._first_s
        stream_s = self._stretch.true_s(stamp_s)
        late_s = self._lateness_s(stream_s, arrived.s, waited_s)
        if newest:
            behind_s = self._lag.behind_s(late_s, arrived.s, waited_s)
            if behind_s > 0:
                self._stretch.skip(stamp_s, behind_s)
                stream_s, late_s = stream_s + behind_s, late_s - behind_s
            self._stretch.reached(stamp_s)
        captured = self._captured_by(arrived, late_s)
        shifted_dts = None if dts is None else self._true_ticks(dts + (self._shift or 0))
        return Stamp(self._true_ticks(placed), shifted_dts, captured.at, stream_s, captured.s)

    def _true_ticks(self, ticks: int) -> int:
        if self._stretch.is_none:
            return ticks
        true_s = self._stretch.true_s(ticks * self._tick_s - self._first_s)
        return round((true_s + self._first_s) / self._tick_s)

    def _captured_by(self, arrived: Moment, late_s: float) -> Moment:
        last, captured_s = self._captured, arrived.s - late_s
        if last is not None and last.s - captured_s <= SET_BACK_S:
            captured_s = max(captured_s, last.s)
        captured_at = arrived.at - timedelta(seconds=arrived.s - captured_s)
        if last is not None and _NO_TIME < last.at - captured_at < _SET:
            captured_at = last.at
        self._captured = Moment(captured_s, captured_at)
        return self._captured

    def _lateness_s(self, stream_s: float, arrived_s: float, waited_s: float) -> float:
        """By how much this packet took longer than the quickest ones do."""
        delay_s = arrived_s - stream_s
        self._delay_s = min(delay_s, self._delay_s + LEAK * waited_s)
        if delay_s - self._delay_s > LATE_S:
            self._delay_s = delay_s
        return delay_s - self._delay_s


@dataclass(frozen=True, slots=True)
class _Piece:
    """From a stamp on, time runs `gain` times as fast as stamps do."""

    stamp_s: float = 0.0
    true_s: float = 0.0
    gain: float = 1.0

    def true(self, stamp_s: float) -> float:
        return self.true_s + (stamp_s - self.stamp_s) * self.gain


class _Stretch:
    """From the seconds of stamps to those in which the pictures come; the same while stamps are
    true. Pictures that are shown before the newest one keep the piece of time they belong to."""

    def __init__(self) -> None:
        self.is_none = True
        self._piece = self._before = _Piece()
        self._reached_s = 0.0

    def true_s(self, stamp_s: float) -> float:
        if self.is_none:
            return stamp_s
        piece = self._piece if stamp_s >= self._piece.stamp_s else self._before
        return piece.true(stamp_s)

    def run_at(self, gain: float) -> None:
        """After the newest picture so far time runs at another speed."""
        self._begin(_Piece(self._reached_s, self._piece.true(self._reached_s), gain))

    def skip(self, stamp_s: float, by_s: float) -> None:
        """From this stamp on it is so much later."""
        self._begin(_Piece(stamp_s, self._piece.true(stamp_s) + by_s, self._piece.gain))

    def reached(self, stamp_s: float) -> None:
        """The newest picture so far."""
        self._reached_s = stamp_s

    def _begin(self, piece: _Piece) -> None:
        self.is_none = False
        self._before, self._piece = self._piece, piece


class _Lag:
    """Whether pictures fall behind: even the freshest come later and later, and no pause, after
    which all would come late for a while, explains it."""

    def __init__(self) -> None:
        self._span_from_s: float | None = None
        self._least_s = self._least_before_s = 0.0
        self._usual_s: float | None = None
        self._excused_s = 0.0

    def behind_s(self, late_s: float, arrived_s: float, waited_s: float) -> float:
        """By how much a picture that is `late_s` late, and newer than all before, is behind; then
        it is no longer."""
        self._note_pause(late_s, waited_s)
        if self._span_from_s is None or arrived_s - self._span_from_s >= _SPAN_S:
            self._span_from_s = arrived_s
            self._least_before_s, self._least_s = self._least_s, late_s
        self._least_s = min(self._least_s, late_s)
        least_s = min(self._least_s, self._least_before_s)
        behind_s = least_s - max(BEHIND_S, self._excused_s)
        if behind_s <= 0:
            return 0.0
        self._least_s -= behind_s
        self._least_before_s -= behind_s
        return behind_s

    def _note_pause(self, late_s: float, waited_s: float) -> None:
        usual_s = waited_s if self._usual_s is None else self._usual_s
        if waited_s > max(PAUSE_S, PAUSE_TIMES * usual_s):
            self._excused_s = late_s
        else:
            self._usual_s = min(usual_s + (waited_s - usual_s) / 8, _LONGEST_USUAL_S)
        self._excused_s = min(self._excused_s, late_s)
