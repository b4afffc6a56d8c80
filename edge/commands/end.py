"""The worker's end of the road, as one thing to start and stop."""

import hashlib
import json
import threading
from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from pydantic import BaseModel

from domain.answers import ConfigurationTold
from domain.clock import Clock
from edge.book import Book
from edge.commands.deeds import Deeds
from edge.commands.doer import Doer
from edge.commands.receiver import Receiver
from edge.holder import Holder
from edge.post import CameraPost
from edge.roster import Roster
from settings.slices import WorkerShare
from streams.address import CameraAddress


class RoadEnd:
    """Takes commands, does and answers them, in two threads of its own."""

    def __init__(
        self,
        share: WorkerShare,
        posts: Sequence[CameraPost],
        roster: Roster,
        holder: Holder,
        book: Book,
        *,
        bus_url: str,
        program_version: str,
        clock: Clock,
    ) -> None:
        worker_id = share.id
        self._posts = posts
        self._book = book
        self._clock = clock
        self._receiver = Receiver(
            bus_url,
            book,
            worker_id=worker_id,
            program_version=program_version,
            clock=clock,
            settings=share.bus,
        )
        told = ConfigurationTold(
            digest=digest_of(share),
            program_version=program_version,
            loaded_at=clock.now(),
            cameras=len(posts),
        )
        deeds = Deeds(posts, roster, holder, clock=clock, configuration=told)
        self._doer = Doer(
            deeds, book, worker_id=worker_id, clock=clock, answer=self._receiver.answer
        )
        self._receiver.hands_to(self._doer)

    @property
    def threads(self) -> tuple[threading.Thread, ...]:
        """What must not be gone once it was started."""
        return self._receiver, self._doer

    def recall(self) -> None:
        """What people paused stays paused. Call before anything is looked at."""
        pauses, now = self._book.pauses, self._clock.moment()
        for post in self._posts:
            if (pause := pauses.get(post.camera_id)) is not None:
                post.hold_still(pause, now)

    def start(self) -> None:
        for thread in self.threads:
            thread.start()

    def stop(self, timeout_s: float) -> None:
        """What is not done by then is left to the next start, if its deadline lasts so long."""
        self._doer.stop(timeout_s / 2)
        self._receiver.stop(timeout_s / 2)


def digest_of(share: WorkerShare) -> str:
    """SHA-256 of a share as it is shown: passwords are masked in it, and where its files lie on
    this machine is no part of it."""
    told = {field.name: getattr(share, field.name) for field in fields(share)}
    for place in ("dir", "models_dir", "evidence_dir"):
        del told[place]
    told["evidence"] = share.evidence.model_dump(mode="json", exclude={"root"})
    told["detector"] = share.detector.model_dump(mode="json", exclude={"engines_dir"})
    shown = json.dumps(told, sort_keys=True, default=_plain)
    return hashlib.sha256(shown.encode()).hexdigest()


def _plain(value: Any) -> Any:
    """What JSON has no word for."""
    if isinstance(value, CameraAddress):
        return str(value)
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    return str(value)
