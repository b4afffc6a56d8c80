"""The one door to redis: how a client is made, and what its errors are called here."""

from collections.abc import Iterator
from contextlib import contextmanager

import redis
from redis.backoff import NoBackoff
from redis.exceptions import (
    AuthenticationError,
    AuthorizationError,
    BusyLoadingError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
)
from redis.retry import Retry

from domain.errors import BusUnavailable, ConfigurationError
from domain.trouble import Trouble
from events_bridge.bus_settings import BusSettings
from events_bridge.urls import check_url, mask_url

_TROUBLES: tuple[tuple[type[Exception] | str, Trouble], ...] = (
    (BusyLoadingError, Trouble.BUS_LOADING),
    ("LOADING", Trouble.BUS_LOADING),
    (ReadOnlyError, Trouble.BUS_READ_ONLY),
    ("READONLY", Trouble.BUS_READ_ONLY),
    (OutOfMemoryError, Trouble.BUS_MEMORY_FULL),
    ("OOM", Trouble.BUS_MEMORY_FULL),
    ("MISCONF", Trouble.BUS_CANNOT_SAVE),
    (AuthenticationError, Trouble.BUS_REFUSES),
    (AuthorizationError, Trouble.BUS_REFUSES),
    (NoPermissionError, Trouble.BUS_REFUSES),
    ("NOAUTH", Trouble.BUS_REFUSES),
    ("NOPERM", Trouble.BUS_REFUSES),
)
"""What the server's refusals mean, by class or by their first word."""


class GroupMissing(BusUnavailable):
    """The server lost a stream or a consumer group, as after a flush; it must be made again."""


def connect(url: str, settings: BusSettings) -> redis.Redis:
    """A client that tries each call once: waiting and trying again is its user's business.

    Nothing is sent yet. ConfigurationError if no server can be meant by `url`.
    """
    try:
        checked = check_url(url)
    except ValueError as error:
        raise ConfigurationError(f"bus.url: {error}") from None
    try:
        client = redis.Redis.from_url(
            checked,
            protocol=2,
            socket_connect_timeout=settings.connect_timeout_s,
            socket_timeout=settings.answer_timeout_s,
            retry=Retry(NoBackoff(), 0),
        )
        pool = client.connection_pool
        pool.connection_class(**pool.connection_kwargs)  # else told by the first command
    except (TypeError, ValueError) as error:
        shown = mask_url(url.partition("?")[0])  # an unknown option's value may be a secret
        raise ConfigurationError(
            f"bus.url: expected options of redis-py, got {shown} ({error})"
        ) from None
    return client


@contextmanager
def bus_errors(url: str, doing: str) -> Iterator[None]:
    """Within it, every error of redis becomes a BusUnavailable that names `doing`, the masked
    address and the trouble; a missing consumer group becomes a GroupMissing."""
    try:
        yield
    except (RedisError, OSError, ValueError) as error:
        if not isinstance(error, RedisError | OSError) and not _is_closed(error):
            raise
        kind = GroupMissing if _is_group_missing(error) else BusUnavailable
        what = f"{type(error).__name__}: {error}"
        raise kind(
            f"bus={mask_url(url)}: could not {doing} ({what})", trouble=_trouble(error)
        ) from error


def _is_closed(error: Exception) -> bool:
    """Whether another thread closed the connection in the middle of a read, as a program does at
    its end: Python says that of a file, and redis lets it pass."""
    return type(error) is ValueError and "closed file" in str(error)


def _is_group_missing(error: Exception) -> bool:
    return isinstance(error, ResponseError) and str(error).startswith("NOGROUP")


def _trouble(error: Exception) -> Trouble:
    said = str(error)
    for sign, trouble in _TROUBLES:
        if said.startswith(sign) if isinstance(sign, str) else isinstance(error, sign):
            return trouble
    # A transaction that was refused tells why only in its text.
    return next(
        (trouble for sign, trouble in _TROUBLES if isinstance(sign, str) and f" {sign} " in said),
        Trouble.BUS_AWAY,
    )
