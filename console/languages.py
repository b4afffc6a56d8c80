"""Which language and which theme a visitor reads, remembered in two cookies."""

from typing import Literal, cast

from fastapi import Request, Response

from domain.base import Language

Theme = Literal["dark", "light"]

LANGUAGE_COOKIE = "lang"
THEME_COOKIE = "theme"
_YEAR_S = 365 * 86400


def language_of(request: Request) -> Language:
    """``?lang=`` before the cookie before Chinese."""
    asked = request.query_params.get("lang") or request.cookies.get(LANGUAGE_COOKIE)
    return cast(Language, asked) if asked in ("zh", "en") else "zh"


def theme_of(request: Request) -> Theme:
    """Dark for the control room unless the visitor chose light."""
    return "light" if request.cookies.get(THEME_COOKIE) == "light" else "dark"


def remember_language(request: Request, response: Response) -> None:
    """Keep a language that was asked for in the address."""
    if request.query_params.get("lang") in ("zh", "en"):
        response.set_cookie(
            LANGUAGE_COOKIE, language_of(request), max_age=_YEAR_S, samesite="lax", path="/"
        )
