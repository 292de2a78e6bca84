"""HTML pages of the collections: tables that can be used without a map, no scripts, every value escaped."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import Response

from geo_service.ogc.addresses import base_of
from geo_service.ogc.answers import bytes_answer, fingerprint
from geo_service.ogc.words import WORDS, property_name

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_HERE = Path(__file__).resolve().parent
# The frame (header, banner, footer) is the one file base.html of all pages; this room fills it.
_FOLDERS = (_HERE / "templates", _HERE.parent / "web" / "templates")
_PAGES = Environment(
    loader=FileSystemLoader(_FOLDERS),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def shown_value(properties: Mapping[str, Any], name: str, language: str) -> str:
    """A property as a person reads it: the label instead of the code, words instead of true and null."""
    words = WORDS[language]
    value = properties.get(f"{name}_label_{language}") or properties.get(name)
    if value is None or value == []:
        return words["unknown"]
    if isinstance(value, bool):
        return words["yes"] if value else words["no"]
    if isinstance(value, float) and language == "de":
        return f"{value:g}".replace(".", ",") if abs(value) < 100_000 else f"{value:.0f}"
    if isinstance(value, str) and language == "de" and _DAY.fullmatch(value):
        return f"{value[8:]}.{value[5:7]}.{value[:4]}"
    return ", ".join(str(part) for part in value) if isinstance(value, list) else str(value)


def type_words(part: Mapping[str, Any], words: Mapping[str, str]) -> str:
    """What a property of a schema may hold, and whether it is only read or only written."""
    choices = [part, *part.get("anyOf", ())]
    kinds = [str(one.get("format") or one.get("type")) for one in choices if "format" in one or "type" in one]
    named = ", ".join(kind for kind in dict.fromkeys(kinds) if kind != "null")
    only = "read_only" if part.get("readOnly") else "write_only" if part.get("writeOnly") else None
    return f"{named} ({words[only]})" if only else named


_PAGES.globals["shown_value"] = shown_value
_PAGES.globals["type_words"] = type_words
_PAGES.globals["property_name"] = property_name


async def html_answer(
    request: Request, template: str, language: str, *, headers: Mapping[str, str] | None = None, **values: Any
) -> Response:
    """A page; `values` go to the template as they are and are escaped there."""
    base = base_of(request)
    other = "de" if language == "en" else "en"
    query = {**request.query_params, "lang": other}
    body = _PAGES.get_template(template).render(
        words=WORDS[language], language=language, base=base, lang_query=f"?lang={language}", town=None,
        other_language_address=f"?{urlencode(query)}", t=lambda de, en: en if language == "en" else de,
        demo_service=request.app.state.settings.demo, **values,
    ).encode("utf-8", "replace")  # fmt: skip
    more = {"Content-Language": language, **(headers or {})}
    return await bytes_answer(
        request, body, "text/html; charset=utf-8", version=fingerprint(body), headers=more
    )
