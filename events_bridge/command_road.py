"""The road from the center to a worker: finds who is to be asked, asks, and tells how it stands.

A command for a camera goes to the worker that holds it now. One that is not there is told at once
to be offline, and nothing is sent that it might find hours later.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, tzinfo

import structlog

from domain.base import Text
from domain.clock import Clock
from domain.closing import Closing
from domain.commands import WITHIN_S, AskedBy, Command, CommandAsked, CommandState, camera_of
from domain.errors import CommandNotFound, TooManyCommands, WorkerOffline
from domain.ids import id_of, new_id
from domain.listening import WorkerPresence
from events_bridge.bus_settings import BusSettings
from events_bridge.command_board import CommandBoard, CommandRecord, check_same
from events_bridge.holder_board import HolderBoard
from events_bridge.presence import PresenceBoard

ANSWER_SLACK_S = 2.0
"""An answer that was given at the last moment needs so long to be seen here."""
MOST_IN_S, MOST = 10.0, 20
"""Commands that one worker is sent in a span; what it refuses beyond its own queue costs it too."""
POLL_S = 0.1

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class CommandView:
    """A command and how it stands."""

    record: CommandRecord
    state: CommandState
    presence: WorkerPresence | None
    zone: tzinfo = UTC
    """In which people read times."""

    @property
    def words(self) -> Text:
        """How it stands, in a line."""
        answered = self.record.answered
        if answered is not None:
            words = self.state.words
            return Text.of(f"{words.zh}: {answered.words.zh}", f"{words.en}: {answered.words.en}")
        if self.state is CommandState.OFFLINE and self.presence is not None:
            said = offline_words(self.record.asked.worker_id, self.presence, self.zone)
            return Text.of(f"{said.zh}; 指令未见回执", f"{said.en}; the command was not answered")
        return self.state.words


class CommandRoad(Closing):
    """Thread-safe. Every method raises BusUnavailable."""

    def __init__(
        self, url: str, clock: Clock, *, zone: tzinfo = UTC, settings: BusSettings | None = None
    ) -> None:
        """`zone`: in which people read times."""
        self._clock = clock
        self._zone = zone
        self._board = CommandBoard(url, settings=settings)
        self._holders = HolderBoard(url, settings=settings)
        self._presence = PresenceBoard(url, settings=settings)
        self._lock = threading.Lock()
        self._sent_s: dict[str, deque[float]] = {}

    def ask(
        self,
        command: Command,
        asked_by: AskedBy,
        *,
        key: str | None = None,
        worker_id: str | None = None,
        within_s: float = WITHIN_S,
    ) -> CommandView:
        """Send a command to the worker that holds its camera, or to `worker_id`. The same `key`
        of the same asker again sends nothing, and gives what became of it.

        Raises:
            WorkerOffline: nobody is there to take it.
            CommandConflict: another command was asked for under this key.
            TooManyCommands: the worker was sent as many as it may be.
        """
        id_ = self._id(asked_by, key)
        if key and (before := self._before(id_, command)) is not None:
            return before
        worker_id = worker_id or self._worker_of(command)
        presence = self._present(worker_id)
        self._count(worker_id)
        asked = CommandAsked(
            id=id_,
            worker_id=worker_id,
            command=command,
            asked_by=asked_by,
            asked_at=self._clock.now(),
            within_s=within_s,
        )
        self._board.ask(asked)
        who = f"{asked_by.kind}:{asked_by.id}"
        _log.info("command sent", command=id_, kind=command.kind, of=asked.subject, asked_by=who)
        return self._view(self._board.record(id_), presence)

    def view(self, command_id: str) -> CommandView:
        """How a command stands now.

        Raises:
            CommandNotFound: there is none, or it was too long ago.
        """
        record = self._board.record(command_id)
        return self._view(record, self._presence.of(record.asked.worker_id))

    def wait(self, view: CommandView, sleep: Callable[[float], object] = time.sleep) -> CommandView:
        """How a command ends: at its deadline at the latest, in the caller's thread."""
        while not view.state.is_final:
            sleep(POLL_S)
            view = self.view(view.record.asked.id)
        return view

    def picture(self, command_id: str) -> bytes | None:
        """As `CommandBoard.picture`."""
        return self._board.picture(command_id)

    def presence(self, worker_id: str) -> WorkerPresence | None:
        """As `PresenceBoard.of`."""
        return self._presence.of(worker_id)

    def close(self) -> None:
        self._board.close()
        self._holders.close()
        self._presence.close()

    def _id(self, asked_by: AskedBy, key: str | None) -> str:
        if not key:
            return new_id("cmd", self._clock.now())
        return id_of("cmd", asked_by.kind, asked_by.id, key)

    def _before(self, id_: str, command: Command) -> CommandView | None:
        """What became of a command that is asked for again, whoever is there now."""
        try:
            view = self.view(id_)
        except CommandNotFound:
            return None
        check_same(view.record, command)
        return view

    def holder_of(self, camera_id: str) -> str:
        """The worker that holds a camera; WorkerOffline if none ever did."""
        grant = self._holders.get([camera_id]).get(camera_id)
        if grant is None:
            raise WorkerOffline(
                f"camera={camera_id}: no worker has claimed it, so nobody can be asked",
                zh=f"还没有小脑认领 {camera_id}, 指令未下发",
            )
        return grant.worker_id

    def _worker_of(self, command: Command) -> str:
        if (camera_id := camera_of(command)) is None:
            raise ValueError(f"expected the worker that {command.kind} is for")
        return self.holder_of(camera_id)

    def _view(self, record: CommandRecord, presence: WorkerPresence | None) -> CommandView:
        return CommandView(record, _state(record, presence), presence, self._zone)

    def _present(self, worker_id: str) -> WorkerPresence:
        presence = self._presence.of(worker_id)
        if presence is None:
            raise WorkerOffline(
                f"worker={worker_id} never said that it takes commands (is it an older version?); "
                "nothing was sent",
                zh=f"小脑 {worker_id} 从未接过指令 (版本较旧?), 指令未下发",
            )
        if not presence.is_here:
            said = offline_words(worker_id, presence, self._zone)
            raise WorkerOffline(f"{said.en}; nothing was sent", zh=f"{said.zh}, 指令未下发")
        return presence

    def _count(self, worker_id: str) -> None:
        now_s = self._clock.moment().s
        with self._lock:
            sent_s = self._sent_s.setdefault(worker_id, deque(maxlen=MOST))
            if len(sent_s) == MOST and now_s - sent_s[0] < MOST_IN_S:
                raise TooManyCommands(
                    f"worker={worker_id}: expected at most {MOST} commands in {MOST_IN_S:g} s, "
                    "got one more; it was not sent"
                )
            sent_s.append(now_s)


def offline_words(worker_id: str, presence: WorkerPresence, zone: tzinfo) -> Text:
    """Since when a worker is away."""
    at = presence.said_at.astimezone(zone).isoformat(sep=" ", timespec="seconds")
    silent_s = presence.silent_s
    return Text.of(
        f"小脑 {worker_id} 已离线 {silent_s:.0f} 秒 (自 {at})",
        f"worker {worker_id} is offline since {at} ({silent_s:.0f} s)",
    )


def _state(record: CommandRecord, presence: WorkerPresence | None) -> CommandState:
    if record.unreadable:
        return CommandState.UNREADABLE
    if record.answered is not None:
        refused = record.answered.refusal is not None
        return CommandState.REFUSED if refused else CommandState.ANSWERED
    if record.age_s > record.asked.within_s + ANSWER_SLACK_S:
        return CommandState.NO_ANSWER
    if presence is None or not presence.is_here:
        return CommandState.OFFLINE
    return CommandState.SENT
