"""The ground every value stands on: frozen pydantic models, aware UTC times, bilingual text."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, model_validator

from domain.masking import mask_secrets

Language = Literal["zh", "en"]
_NUMBERS = frozenset({int, float})

Detail = Annotated[str, AfterValidator(mask_secrets)]
"""Words for those who look after the program. Libraries quote addresses: no password stays."""


def to_utc(value: datetime) -> datetime:
    """An aware time in UTC. Raises ValueError for a naive one, and at the ends of the calendar."""
    if value.tzinfo is None:
        raise ValueError(f"expected a time with its zone, got the naive {value.isoformat()}")
    try:
        return value.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"expected a time of our ages, got {value.isoformat()}") from error


Utc = Annotated[datetime, AfterValidator(to_utc)]
"""An aware datetime, always held in UTC; local time exists only at the edge of display."""


class Value(BaseModel):
    """A frozen value. What Python holds is what the wire carries.

    Unknown fields are ignored, so that an older center understands a newer worker.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")


class Settings(BaseModel):
    """A frozen piece of configuration. Unknown keys are errors: a misspelt rule must not sleep."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        use_attribute_docstrings=True,
        allow_inf_nan=False,
        hide_input_in_errors=True,  # it may be an address with its password
    )

    @model_validator(mode="before")
    @classmethod
    def _no_truth_for_a_number(cls, data: Any) -> Any:
        """YAML makes true of an unquoted ``yes``, and pydantic 1 of that: as a word it is refused
        at its place, with all else that is wrong."""
        if not isinstance(data, dict):
            return data
        wrong = {
            key: str(value).lower()
            for key, value in data.items()
            if isinstance(value, bool) and key in cls.model_fields and cls._is_number(key)
        }
        return {**data, **wrong} if wrong else data

    @classmethod
    def _is_number(cls, name: str) -> bool:
        kind = cls.model_fields[name].annotation
        return kind in _NUMBERS or bool(set(get_args(kind)) & _NUMBERS)


class Text(Value):
    """Words for people: Chinese first, English second. A bare string serves for both."""

    zh: str
    en: str

    @model_validator(mode="before")
    @classmethod
    def _from_bare_string(cls, data: Any) -> Any:
        if isinstance(data, str):
            return {"zh": data, "en": data}
        if isinstance(data, dict) and "zh" in data and "en" not in data:
            return {**data, "en": data["zh"]}
        return data

    @classmethod
    def of(cls, zh: str, en: str) -> Self:
        return cls(zh=zh, en=en)

    def to(self, language: Language) -> str:
        return self.zh if language == "zh" else self.en

    def __str__(self) -> str:
        return self.zh
