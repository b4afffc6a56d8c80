"""Column types that hold the domain's values the same way on SQLite and PostgreSQL."""

from datetime import UTC, datetime
from enum import IntEnum, StrEnum
from typing import Any, TypeVar

from pydantic import TypeAdapter
from sqlalchemy import JSON, DateTime, Dialect, Enum, Integer
from sqlalchemy.types import TypeDecorator

V = TypeVar("V")
I = TypeVar("I", bound=IntEnum)  # noqa: E741 - I for an integer word

WORD_LENGTH = 32
"""Characters kept for an enumeration's value; room for words to come."""


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC time. SQLite keeps no zone, so it is taken off there and put back on."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"expected a time with its zone, got the naive {value.isoformat()}")
        in_utc = value.astimezone(UTC)
        return in_utc.replace(tzinfo=None) if dialect.name == "sqlite" else in_utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Document(TypeDecorator[V]):
    """A pydantic value as JSON: what the bus carries is what the database keeps."""

    impl = JSON(none_as_null=True)
    cache_ok = True

    def __init__(self, value_type: Any) -> None:
        super().__init__()
        self.value_type = value_type
        self._adapter: TypeAdapter[V] = TypeAdapter(value_type)

    def process_bind_param(self, value: V | None, dialect: Dialect) -> Any:
        return None if value is None else self._adapter.dump_python(value, mode="json")

    def process_result_value(self, value: Any, dialect: Dialect) -> V | None:
        return None if value is None else self._adapter.validate_python(value)


class Number(TypeDecorator[I]):
    """An IntEnum as its number, so that the database can order by it."""

    impl = Integer
    cache_ok = True

    def __init__(self, enum: type[I]) -> None:
        super().__init__()
        self.enum = enum

    def process_bind_param(self, value: I | None, dialect: Dialect) -> int | None:
        return None if value is None else int(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> I | None:
        return None if value is None else self.enum(value)


def word(enum: type[StrEnum]) -> Enum:
    """A StrEnum as its value in plain text: no database type, so that a new word needs no
    migration."""
    return Enum(
        enum,
        native_enum=False,
        length=WORD_LENGTH,
        values_callable=lambda members: [member.value for member in members],
        validate_strings=True,
    )
