"""How long something has been there, and for what share of the time it was seen."""


class Presence:
    """Times since a beginning, as a sum of seconds and not of looks: ten quick looks weigh no
    more than one slow one. An interval between two looks counts as the later look found it.

    Absences older than `memory_s` are forgotten, so the state is bounded by the looks in it.
    """

    def __init__(self, now_s: float, memory_s: float) -> None:
        self.since_s = now_s
        self.looks = 1
        self.hits = 1
        self._memory_s = memory_s
        self._looked_s = now_s
        self._absences: list[tuple[float, float]] = []
        self._unknowns: list[tuple[float, float]] = []

    def see(self, present: bool, now_s: float) -> None:
        """Take in one look."""
        self.looks += 1
        self.hits += present
        if not present:
            _add(self._absences, (self._looked_s, now_s))
        self._move_to(now_s)

    def skip(self, now_s: float) -> None:
        """Take in a look that could not tell: something stood in front."""
        _add(self._unknowns, (self._looked_s, now_s))
        self._move_to(now_s)

    def lasted_s(self, now_s: float) -> float:
        return now_s - self.since_s

    def share(self, window_s: float, now_s: float) -> float:
        """The share 0–1 of the last `window_s` (or of all, when younger) in which it was there.
        Time in which nobody could tell counts neither way."""
        from_s = max(self.since_s, now_s - window_s)
        told_s = now_s - from_s - _within(self._unknowns, from_s)
        if told_s <= 0:
            return 1.0
        return 1.0 - _within(self._absences, from_s) / told_s

    def told_s(self, now_s: float) -> float:
        """The seconds since the beginning in which looks could tell (as far as remembered)."""
        return now_s - self.since_s - _within(self._unknowns, self.since_s)

    def _move_to(self, now_s: float) -> None:
        self._looked_s = now_s
        oldest_s = now_s - self._memory_s
        self._absences = [span for span in self._absences if span[1] > oldest_s]
        self._unknowns = [span for span in self._unknowns if span[1] > oldest_s]


def _add(spans: list[tuple[float, float]], span: tuple[float, float]) -> None:
    """Add a span; one that goes on where the last ended makes it longer."""
    if spans and spans[-1][1] == span[0]:
        span = spans.pop()[0], span[1]
    spans.append(span)


def _within(spans: list[tuple[float, float]], from_s: float) -> float:
    """The seconds of the spans that lie after `from_s`."""
    return sum(max(0.0, end - max(start, from_s)) for start, end in spans)
