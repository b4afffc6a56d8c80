"""How the supervisor's children fare: written by it, read by the center for the health page."""

import json
import os
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from console.status import PartStatus
from domain.base import Text

FILE = "supervisor.json"
_WORDS = {
    "worker": Text.of("小脑进程", "Worker process"),
    "center": Text.of("中脑进程", "Center process"),
}


@dataclass(frozen=True, slots=True)
class ChildStanding:
    """One process: its number if it runs, whether it has shown that it works, and how often and
    why it was started again."""

    name: str
    pid: int | None
    beats: bool
    restarts: int
    why: str
    restarted_at: datetime | None

    def part(self) -> PartStatus:
        """For the health page: not well while it does not run."""
        runs = self.pid is not None
        part, _, worker_id = self.name.partition("-")
        words = _WORDS.get(part, Text.of("进程", "Process"))
        if worker_id:
            words = Text.of(f"{words.zh} {worker_id}", f"{words.en} {worker_id}")
        return PartStatus(name=f"process-{self.name}", words=words, ok=runs, detail=self._detail())

    def _detail(self) -> str:
        if self.pid is None:
            return f"{self.why}; is started again"
        if not self.restarts:
            return ""
        at = f"{self.restarted_at:%Y-%m-%d %H:%M:%S} UTC" if self.restarted_at else "?"
        return f"started again {self.restarts} times, last at {at}: {self.why}"


@dataclass(frozen=True, slots=True)
class Standing:
    """All children of the supervisor with the number `pid`."""

    pid: int
    children: tuple[ChildStanding, ...]

    def save(self, path: Path) -> None:
        new = path.with_suffix(".new")
        new.write_text(json.dumps(asdict(self), default=str), encoding="utf-8")
        new.replace(path)

    @classmethod
    def load(cls, path: Path) -> "Standing | None":
        """What this process's own supervisor wrote; None if it has none, or it wrote nothing."""
        try:
            said: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            if said["pid"] != os.getppid():
                return None
            return cls(said["pid"], tuple(_child(**child) for child in said["children"]))
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None


def _child(
    name: str, pid: int | None, beats: bool, restarts: int, why: str, restarted_at: str | None
) -> ChildStanding:
    at = datetime.fromisoformat(restarted_at) if restarted_at else None
    return ChildStanding(name, pid, beats, restarts, why, at)
