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

    def see(self, present: bool, now_s: float) -> None:
        """Take in one look."""
        self.looks += 1
        self.hits += present
        if not present:
            self._absences.append((self._looked_s, now_s))
        self._looked_s = now_s
        oldest_s = now_s - self._memory_s
        self._absences = [span for span in self._absences if span[1] > oldest_s]

    def lasted_s(self, now_s: float) -> float:
        return now_s - self.since_s

    def share(self, window_s: float, now_s: float) -> float:
        """The share 0–1 of the last `window_s` (or of all, when younger) in which it was there."""
        from_s = max(self.since_s, now_s - window_s)
        if now_s <= from_s:
            return 1.0
        absent_s = sum(max(0.0, end - max(start, from_s)) for start, end in self._absences)
        return 1.0 - absent_s / (now_s - from_s)
