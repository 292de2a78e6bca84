"""HTML pages: one template environment, every value escaped, the language and nonce of the request in it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from geo_service.as_written import day_text, moment_text, number_text, period_text
from geo_service.conflicts.words import quantity
from geo_service.mapview.map_setting import script_json
from geo_service.permits.deadlines import last_day_of
from geo_service.web.labels import label
from geo_service.web.language import Language, language_of
from geo_service.web.problem_words import in_language
from geo_service.web.security_headers import nonce_of

_PAGES = Environment(
    loader=FileSystemLoader(Path(__file__).resolve().parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def _tools(language: Language) -> dict[str, Callable[..., str | None]]:
    return {
        "t": lambda de, en: en if language == "en" else de,
        "day": lambda value: day_text(
            date.fromisoformat(value) if isinstance(value, str) else value, language
        ),
        "due_day": last_day_of,
        "sentence": lambda detail: in_language(detail, language),
        "days": lambda period: period_text(period, language),
        "moment": lambda value: moment_text(
            datetime.fromisoformat(value) if isinstance(value, str) else value, language
        ),
        "number": lambda value, digits=1: number_text(value, language, digits),
        "quantity": lambda value, unit: quantity(value, unit, language),
        "label": lambda code_list, code: label(code_list, code, language),
        "json_script": lambda value: Markup(script_json(value)),  # noqa: S704 - cannot leave its script element
    }


def page(request: Request, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """One page. values: go to the template as they are and are escaped there; `town` shows in the header."""
    language = language_of(request)
    prefix: str = request.scope.get("root_path", "")
    body = _PAGES.get_template(template).render(
        language=language,
        lang_query=f"?lang={language}" if "lang" in request.query_params else "",
        other_language_address=other_language_address(request, language),
        base=prefix,
        nonce=nonce_of(request),
        demo_service=request.app.state.settings.demo,
        **_tools(language),
        **({"town": None} | values),
    )
    headers = {"Content-Language": language, "Vary": "Accept-Language, Cookie", "Cache-Control": "no-store"}
    return HTMLResponse(body, status_code=status, headers=headers)


def other_language_address(request: Request, language: Language) -> str:
    """The same page in the other language; a token never travels in a link."""
    query = {name: value for name, value in request.query_params.items() if name not in ("lang", "token")}
    return f"?{urlencode({**query, 'lang': 'de' if language == 'en' else 'en'})}"
