"""What the program says about itself: given by the wiring, shown by ``/api/health``, read by the
containers' health check. The form of the page is here, so that all of them agree on it.
"""

from datetime import datetime
from enum import StrEnum

from domain.base import Detail, Text, Utc, Value
from domain.trouble import Trouble


class Part(StrEnum):
    """The parts that the page names."""

    CASES = "cases"
    WORKERS = "workers"
    BUS = "bus"
    DETECTOR = "detector"
    INTAKE = "intake"
    DISK_DATA = "disk_data"
    DISK_CASES = "disk_cases"
    DISK_EVIDENCE = "disk_evidence"
    DEAD_LETTERS = "dead_letters"
    PARKED = "parked"

    @property
    def words(self) -> Text:
        return _TITLES[self]


_TITLES = {
    Part.CASES: Text.of("案件库", "Case store"),
    Part.WORKERS: Text.of("小脑", "Workers"),
    Part.BUS: Text.of("消息总线", "Message bus"),
    Part.DETECTOR: Text.of("检测器", "Detector"),
    Part.INTAKE: Text.of("案件接收", "Intake"),
    Part.DISK_DATA: Text.of("数据磁盘", "Data disk"),
    Part.DISK_CASES: Text.of("案件库磁盘", "Disk of the cases"),
    Part.DISK_EVIDENCE: Text.of("证据磁盘", "Evidence disk"),
    Part.DEAD_LETTERS: Text.of("死信", "Dead letters"),
    Part.PARKED: Text.of("暂存消息", "Parked messages"),
}

NOT_OF_THE_CENTER = frozenset({Part.WORKERS, Part.DEAD_LETTERS, Part.PARKED})
"""Parts that ask for a person, or have a check of their own. While they are not well, people must
reach the console all the more: the center's container counts as healthy."""


class PartStatus(Value):
    """One part of the program: the bus, a worker, the disk …"""

    name: str
    """For machines, such as ``bus``."""
    words: Text
    ok: bool
    detail: Detail = ""
    """What is wrong, or a figure; never a secret."""
    trouble: Trouble | None = None
    """What is wrong, by name."""
    says: Text | None = None
    """What is wrong, in words, and what to do about it."""
    count: int | None = None
    """How many messages, where the part is about them."""
    oldest_s: float | None = None
    """The age of the oldest of these."""
    dropped: int | None = None
    """How many of these were ever lost because there were too many."""

    @property
    def told(self) -> Text:
        """What is wrong, for people: our words, or else what the part itself said."""
        return self.says or Text.of(self.detail, self.detail)

    def about(
        self, count: int, oldest_s: float | None = None, dropped: int | None = None
    ) -> "PartStatus":
        """The same with the figures of its messages."""
        figures = {"count": count, "oldest_s": oldest_s, "dropped": dropped}
        return self.model_copy(update=figures)

    @classmethod
    def well(cls, part: Part, detail: str = "") -> "PartStatus":
        return cls(name=part, words=part.words, ok=True, detail=detail)

    @classmethod
    def ill(cls, part: Part, trouble: Trouble, detail: str) -> "PartStatus":
        said, cure = trouble.words, trouble.cure
        says = Text.of(f"{said.zh}。{cure.zh}", f"{said.en}: {cure.en}")
        return cls(name=part, words=part.words, ok=False, detail=detail, trouble=trouble, says=says)


class SystemStatus(Value):
    """All parts the wiring can see, at one moment."""

    at: Utc
    version: str
    started_at: Utc
    parts: tuple[PartStatus, ...] = ()

    @property
    def ok(self) -> bool:
        return all(part.ok for part in self.parts)


class Health(Value):
    """`ok` is about the program; cameras that do not see are counted, not blamed on it."""

    ok: bool
    at: Utc
    cameras: dict[str, int]
    parts: tuple[PartStatus, ...]
    program: SystemStatus | None

    @classmethod
    def of(
        cls,
        at: datetime,
        cameras: dict[str, int],
        parts: tuple[PartStatus, ...],
        program: SystemStatus | None,
    ) -> "Health":
        ok = all(part.ok for part in parts) and (program is None or program.ok)
        return cls(ok=ok, at=at, cameras=cameras, parts=parts, program=program)

    @property
    def all_parts(self) -> tuple[PartStatus, ...]:
        return (*self.parts, *(self.program.parts if self.program else ()))

    @property
    def wrong(self) -> tuple[PartStatus, ...]:
        return tuple(part for part in self.all_parts if not part.ok)
