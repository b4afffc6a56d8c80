"""The dense pictures of a clip that is replayed, for second looks."""

from collections import deque
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from streams.frame import Frame
from streams.replay import replay
from vision.second_look.taking import SPAN
from vision.second_look.verdict import CROPS_HZ

_SLACK = timedelta(milliseconds=5)


class DenseFile:
    """The dense pictures of a clip that is replayed. Decodes on only when it is asked."""

    def __init__(self, file: Path, *, start_at: datetime, repeat_to_s: float | None) -> None:
        self._frames: Iterator[Frame] = replay(
            file,
            look_every_s=1 / CROPS_HZ,
            start_at=start_at,
            repeat_to_s=repeat_to_s,
            decode="all",
        )
        self._recent: deque[Frame] = deque()

    def until(self, at: datetime) -> list[Frame]:
        """The pictures of the last `SPAN_S` seconds up to `at`, which may go back as far."""
        while not self._recent or self._recent[-1].captured_at < at - _SLACK:
            frame = next(self._frames, None)
            if frame is None:
                break
            self._recent.append(frame)
            while self._recent and self._recent[0].captured_at < at - 2 * SPAN - _SLACK:
                self._recent.popleft()
        return [f for f in self._recent if at - SPAN - _SLACK <= f.captured_at <= at + _SLACK]
