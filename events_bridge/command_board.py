"""The command board: every command with its answer, where center and worker both find it.

A command is written on the board and on its worker's stream in one step. The first answer stands:
whatever is answered again changes nothing.
"""

from dataclasses import dataclass
from typing import Any

from redis.typing import EncodableT

from domain.answers import CommandAnswered
from domain.checkpoint import reached
from domain.closing import Closing
from domain.commands import Command, CommandAsked
from domain.errors import CommandConflict, CommandNotFound, MessageInvalid
from events_bridge.bus_settings import BusSettings
from events_bridge.bus_time import bus_now_ms, stamped_ms
from events_bridge.connection import bus_errors, connect
from events_bridge.envelope import from_envelope, to_envelope, worker_source

CENTER_SOURCE = "/center"

_ASK = """
if redis.call('HEXISTS', KEYS[1], 'asked') == 1 then return 0 end
local entry = redis.call('XADD', KEYS[2], 'MAXLEN', ARGV[3], '*', 'envelope', ARGV[1])
redis.call('HSET', KEYS[1], 'asked', ARGV[1], 'entry', entry)
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.call('PEXPIRE', KEYS[2], ARGV[2])
return 1
"""
_ANSWER = """
if redis.call('HEXISTS', KEYS[1], 'answered') == 1 then return 0 end
if ARGV[3] ~= '' then
  local entry = redis.call('XADD', KEYS[2], 'MAXLEN', ARGV[4], '*', 'jpeg', ARGV[3])
  redis.call('HSET', KEYS[1], 'picture', entry)
  redis.call('PEXPIRE', KEYS[2], ARGV[2])
end
redis.call('HSET', KEYS[1], 'answered', ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
"""


@dataclass(frozen=True, slots=True)
class CommandRecord:
    """A command as the board has it."""

    asked: CommandAsked
    age_s: float
    """Since the bus took it in, by the bus's clock."""
    answered: CommandAnswered | None = None
    unreadable: bool = False
    """Whether a newer worker answered, in words that are not known here."""


class CommandBoard(Closing):
    """Thread-safe. Every method raises BusUnavailable."""

    def __init__(self, url: str, *, settings: BusSettings | None = None) -> None:
        self._settings = settings or BusSettings()
        self._url = url
        self._client = connect(url, self._settings)
        self._keep_ms = round(self._settings.command_keep_s * 1000)

    def ask(self, asked: CommandAsked) -> bool:
        """Send a command. False: one under this id was sent before, and this one is not.

        Raises:
            CommandConflict: and that was another command.
        """
        envelope = to_envelope(asked, CENTER_SOURCE)
        stream = commands_stream(self._settings, asked.worker_id)
        with bus_errors(self._url, f"send command={asked.id}"):
            was_new = self._script(
                _ASK,
                [self._key(asked.id), stream],
                [envelope, self._keep_ms, self._settings.commands_max_length],
            )
        if not was_new:
            check_same(self.record(asked.id), asked.command)
        return bool(was_new)

    def answer(self, answered: CommandAnswered, jpeg: bytes = b"") -> bool:
        """Show the answer to a command, with the picture that goes with it. False: it was
        answered before."""
        envelope = to_envelope(answered, worker_source(answered.worker_id))
        with bus_errors(self._url, f"answer command={answered.id}"):
            was_new = self._script(
                _ANSWER,
                [self._key(answered.id), self._settings.pictures_stream],
                [envelope, self._keep_ms, jpeg, self._settings.pictures_max_length],
            )
        reached("command.answered")
        return bool(was_new)

    def is_answered(self, command_id: str) -> bool:
        with bus_errors(self._url, f"read command={command_id}"):
            return bool(self._client.hexists(self._key(command_id), "answered"))

    def record(self, command_id: str) -> CommandRecord:
        """A command and what became of it.

        Raises:
            CommandNotFound: there is none, or it was too long ago.
        """
        with bus_errors(self._url, f"read command={command_id}"):
            asked, entry, answered = self._client.hmget(
                self._key(command_id), ["asked", "entry", "answered"]
            )
            now_ms = bus_now_ms(self._client)
        if asked is None or entry is None:
            raise CommandNotFound(f"expected the id of a command of late, got {command_id}")
        age_s = max(now_ms - stamped_ms(_bytes(entry)), 0) / 1000
        return _record(_bytes(asked), age_s, None if answered is None else _bytes(answered))

    def picture(self, command_id: str) -> bytes | None:
        """The JPEG that was answered with; None if there is none, or if newer ones took its
        place."""
        with bus_errors(self._url, f"read the picture of command={command_id}"):
            entry = self._client.hget(self._key(command_id), "picture")
            if entry is None:
                return None
            rows: Any = self._client.xrange(self._settings.pictures_stream, entry, entry)
        return next((fields[b"jpeg"] for _, fields in rows if fields), None)

    def close(self) -> None:
        self._client.close()

    def _key(self, command_id: str) -> str:
        return f"{self._settings.command_key}:{command_id}"

    def _script(self, script: str, keys: list[str], values: list[EncodableT]) -> Any:
        arguments: list[Any] = [*keys, *values]
        return self._client.eval(script, len(keys), *arguments)


def check_same(before: CommandRecord, command: Command) -> None:
    """CommandConflict if another command is to be asked for under the id of one that was."""
    if (known := before.asked.command) != command:
        raise CommandConflict(
            f"expected a new key, or the command that this one stands for ({known.kind} of "
            f"{before.asked.subject}), got {command.kind}"
        )


def commands_stream(settings: BusSettings, worker_id: str) -> str:
    return f"{settings.commands_stream}:{worker_id}"


def _record(asked: bytes, age_s: float, answered: bytes | None) -> CommandRecord:
    command = from_envelope(asked)
    assert isinstance(command, CommandAsked)
    if answered is None:
        return CommandRecord(command, age_s)
    try:
        answer = from_envelope(answered)
    except MessageInvalid:
        return CommandRecord(command, age_s, unreadable=True)
    assert isinstance(answer, CommandAnswered)
    return CommandRecord(command, age_s, answer)


def _bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()
