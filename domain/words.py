"""What a validator finds wrong with a value, in our words: what was expected, what came."""

import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError

from domain.masking import mask_secrets

_LONGEST = 60
_NO_INPUT = object()


def details_of(error: ValidationError) -> list[Mapping[str, Any]]:
    """Everything that pydantic found; of several forms that a value may have, each."""
    return [dict(each) for each in error.errors(include_url=False)]


def first_in_words(error: ValidationError) -> str:
    """The first thing that pydantic found: where, and what was expected."""
    first = details_of(error)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where or '(file)'}: {in_our_words(first)}"


def in_our_words(detail: Mapping[str, Any]) -> str:
    """One of pydantic's error details: what was expected, what came, and often the cure."""
    kind, context = str(detail["type"]), detail.get("ctx", {})
    if kind == "extra_forbidden":
        return "unknown key" + _wide_hint(detail["loc"][-1] if detail["loc"] else "")
    if kind == "missing":
        return "expected this key, it is missing"
    if kind in ("value_error", "assertion_error"):
        return str(detail["msg"]).removeprefix("Value error, ").removeprefix("Assertion failed, ")
    expected = _EXPECTED.get(kind)
    if expected is None:
        words = str(detail["msg"])
        return f"{words[:1].lower()}{words[1:]}{_got(detail)}"
    return f"expected {expected(context)}{_got(detail)}{_swapped_hint(detail)}"


def shown(value: object) -> str:
    """A value as an error may quote it: short, and as people write it."""
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "yes or true" if value else "no or false"
    # masked before it is cut: the @ that tells a password may stand behind the cut
    words = mask_secrets(repr(value) if isinstance(value, str) else str(value))
    return words if len(words) <= _LONGEST else f"{words[: _LONGEST - 1]}…"


def _swapped_hint(detail: Mapping[str, Any]) -> str:
    """Whether a latitude is wrong that would be a longitude."""
    value = detail.get("input")
    is_degrees = isinstance(value, int | float) and 90 < abs(value) <= 180
    is_latitude = bool(detail["loc"]) and detail["loc"][-1] == "lat"
    return ": are longitude and latitude swapped?" if is_degrees and is_latitude else ""


def _got(detail: Mapping[str, Any]) -> str:
    value = detail.get("input", _NO_INPUT)
    if value is _NO_INPUT:
        return ""
    return f", got {shown(value)}{_wide_hint(value)}"


def _wide_hint(value: object) -> str:
    """Which sign of a text is a full-width one: numbers and keys are written in ASCII."""
    for sign in value if isinstance(value, str) else "":
        if unicodedata.category(sign) in ("Cf", "Cc") and sign not in "\n\t":
            return f": it holds the invisible sign U+{ord(sign):04X}, take it out"
        plain = unicodedata.normalize("NFKC", sign)
        if not sign.isascii() and len(plain) == 1 and plain.isascii():
            return f": {sign} is full-width (U+{ord(sign):04X}), write {plain}"
    return ""


def _always(words: str) -> Callable[[Mapping[str, Any]], str]:
    return lambda _context: words


def _filled(words: str) -> Callable[[Mapping[str, Any]], str]:
    return lambda context: words.format_map({key: _plain(value) for key, value in context.items()})


def _plain(value: object) -> object:
    return f"{value:g}" if isinstance(value, float) else value


_NUMBER, _WHOLE, _TEXT = "a number", "a whole number", "a text"
_EXPECTED: dict[str, Callable[[Mapping[str, Any]], str]] = {
    **dict.fromkeys(("float_type", "float_parsing", "decimal_parsing"), _always(_NUMBER)),
    **dict.fromkeys(
        ("int_type", "int_parsing", "int_from_float", "int_parsing_size"), _always(_WHOLE)
    ),
    "finite_number": _always("a finite number"),
    "string_type": _always(_TEXT),
    "string_sub_type": _always(_TEXT),
    "string_too_short": _filled("a text of at least {min_length} signs"),
    "string_too_long": _filled("a text of at most {max_length} signs"),
    "string_pattern_mismatch": _filled("a text like {pattern}"),
    **dict.fromkeys(("bool_type", "bool_parsing"), _always("true or false")),
    "greater_than": _filled("a number greater than {gt}"),
    "greater_than_equal": _filled("a number greater than or equal to {ge}"),
    "less_than": _filled("a number less than {lt}"),
    "less_than_equal": _filled("a number less than or equal to {le}"),
    "multiple_of": _filled("a multiple of {multiple_of}"),
    **dict.fromkeys(("literal_error", "enum"), _filled("{expected}")),
    **dict.fromkeys(
        ("dict_type", "mapping_type", "model_type", "model_attributes_type", "dataclass_type"),
        _always("a mapping (key: value)"),
    ),
    **dict.fromkeys(
        ("list_type", "tuple_type", "set_type", "frozen_set_type", "iterable_type"),
        _always("a list"),
    ),
    "too_short": _filled("at least {min_length} items"),
    "too_long": _filled("at most {max_length} items"),
    "invalid_key": _always("a text as key"),
    **dict.fromkeys(
        ("date_type", "date_parsing", "date_from_datetime_parsing", "date_from_datetime_inexact"),
        _always("a date such as 2026-11-29"),
    ),
    **dict.fromkeys(
        (
            "datetime_type",
            "datetime_parsing",
            "datetime_from_date_parsing",
            "datetime_object_invalid",
        ),
        _always("a time such as 2026-11-29T08:00:00+08:00"),
    ),
    "timezone_aware": _always("a time with its zone, such as 2026-11-29T08:00:00+08:00"),
    **dict.fromkeys(("time_type", "time_parsing"), _always("a time of day such as 08:00")),
    **dict.fromkeys(
        ("time_delta_type", "time_delta_parsing"), _always("a span of time such as PT30S")
    ),
    **dict.fromkeys(("path_type", "path_not_file", "path_not_directory"), _always("a path")),
    **dict.fromkeys(("union_tag_invalid",), _filled("one of {expected_tags}")),
    **dict.fromkeys(("union_tag_not_found",), _filled("the key {discriminator}")),
    "none_required": _always("nothing"),
    "json_invalid": _filled("JSON ({error})"),
    "url_parsing": _filled("an address ({error})"),
}
"""Pydantic's kinds of error, and what was expected then."""
