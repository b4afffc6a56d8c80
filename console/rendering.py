"""Templates to pages: one environment, strict about missing names, with words and times."""

import hashlib
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from console import words
from console.console_settings import ConsoleSettings
from console.languages import language_of, remember_language, theme_of
from console.services import Services, services_of
from console.times import Times
from domain.base import Text

HERE = Path(__file__).parent
STATIC = HERE / "static"
TEMPLATES = HERE / "templates"


def assets_version(folder: Path = STATIC) -> str:
    """Changes with any byte of any static file; part of their addresses, so that browsers may
    keep them for ever."""
    digest = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


class Renderer:
    """Makes pages and parts of pages from templates."""

    def __init__(self, version: str) -> None:
        self._version = version
        self._templates = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=select_autoescape(("html", "svg")),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.globals["asset"] = self._asset

    def page(
        self, request: Request, template: str, *, status_code: int = 200, **context: object
    ) -> HTMLResponse:
        """A whole page or a part, in the visitor's language, with `context` for the template."""
        services = services_of(request)
        html = self._templates.get_template(template).render(
            **_surroundings(request, services), **context
        )
        response = HTMLResponse(html, status_code, headers={"Cache-Control": "no-store"})
        remember_language(request, response)
        return response

    def _asset(self, path: str) -> str:
        return f"/static/{self._version}/{path}"


def _surroundings(request: Request, services: Services) -> dict[str, Any]:
    """What every template may use."""
    language = language_of(request)
    now = services.now()

    def t(key: str, **values: object) -> str:
        return words.say(key, language, **values)

    def say(text: Text) -> str:
        return text.to(language)

    return {
        "t": t,
        "say": say,
        "language": language,
        "theme": theme_of(request),
        "times": Times(services.zone, language, now),
        "nav": f"/{request.url.path.split('/')[1]}",
        "zone": services.settings.timezone,
        "town": services.settings.town.to(language),
        "operator": services.settings.operator.to(language),
        "operator_named": services.settings.operator != ConsoleSettings().operator,
        "other_language_url": _with_language(request, "en" if language == "zh" else "zh"),
        "page_data": _page_data(services, words.script_words(language), now),
    }


def _page_data(services: Services, said: dict[str, str], now: datetime) -> dict[str, object]:
    return {
        "now": now.isoformat(),
        "zone": services.settings.timezone,
        "heartbeat_s": services.settings.heartbeat_s,
        "words": said,
    }


def _with_language(request: Request, language: str) -> str:
    query = [(key, value) for key, value in request.query_params.multi_items() if key != "lang"]
    return f"{request.url.path}?{urlencode([*query, ('lang', language)])}"


def render(
    request: Request, template: str, *, status_code: int = 200, **context: object
) -> HTMLResponse:
    """`Renderer.page` of the application that answers `request`."""
    renderer: Renderer = request.app.state.renderer
    return renderer.page(request, template, status_code=status_code, **context)
