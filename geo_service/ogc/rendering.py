"""HTML pages of the collections: tables that can be used without a map, no scripts, every value escaped."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import Response

from geo_service.ogc.addresses import base_of
from geo_service.ogc.answers import OPEN_ACCESS, bytes_answer, fingerprint

_FOLDER = Path(__file__).resolve().parent / "templates"
_PAGES = Environment(
    loader=FileSystemLoader(_FOLDER),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)

WORDS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "de": {
            "service": "Digitaler Straßenraum",
            "start": "Geodaten", "collections": "Datensätze", "api": "Schnittstelle",
            "conformance": "Konformität",
            "other_language": "English", "title": "Titel", "description": "Beschreibung",
            "extent": "Ausdehnung", "period": "Zeitraum", "license": "Lizenz", "attribution": "Namensnennung",
            "items": "Einträge", "open": "offen", "next": "Nächste Seite", "of": "von", "shown": "angezeigt",
            "more_than": "mehr als 10.000", "none": "Es gibt hier keine Einträge.", "property": "Eigenschaft",
            "value": "Wert", "yes": "ja", "no": "nein", "unknown": "keine Angabe", "also_as": "Auch als",
            "skip": "Zum Inhalt", "method": "Adresse", "parameters": "Parameter", "geometry": "Geometrie",
            "id": "Kennung", "back": "Zurück zur Liste",
        },
        "en": {
            "service": "Digital street space",
            "start": "Geodata", "collections": "Collections", "api": "Interface",
            "conformance": "Conformance",
            "other_language": "Deutsch", "title": "Title", "description": "Description",
            "extent": "Extent", "period": "Period", "license": "Licence", "attribution": "Attribution",
            "items": "Entries", "open": "open", "next": "Next page", "of": "of", "shown": "shown",
            "more_than": "more than 10,000", "none": "There are no entries here.", "property": "Property",
            "value": "Value", "yes": "yes", "no": "no", "unknown": "not stated", "also_as": "Also as",
            "skip": "Skip to content",
            "method": "Address", "parameters": "Parameters", "geometry": "Geometry",
            "id": "Id", "back": "Back to the list",
        },
    }
)  # fmt: skip


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
    return ", ".join(str(part) for part in value) if isinstance(value, list) else str(value)


_PAGES.globals["shown_value"] = shown_value


async def html_answer(
    request: Request, template: str, language: str, *, headers: Mapping[str, str] | None = None, **values: Any
) -> Response:
    """A page; `values` go to the template as they are and are escaped there."""
    base = base_of(request)
    other = "de" if language == "en" else "en"
    query = {**request.query_params, "lang": other}
    body = _PAGES.get_template(template).render(
        words=WORDS[language], language=language, base=base,
        other=other, other_address=f"?{urlencode(query)}", **values,
    ).encode("utf-8", "replace")  # fmt: skip
    more = {"Content-Language": language, **(headers or {})}
    return await bytes_answer(
        request, body, "text/html; charset=utf-8", version=fingerprint(body), headers=more
    )


async def stylesheet(_: Request) -> Response:
    """`/ogc/ogc.css`; from here and not inline, because the pages allow no inline style."""
    headers = {**OPEN_ACCESS, "Cache-Control": "public, max-age=3600"}
    return Response((_FOLDER / "ogc.css").read_bytes(), media_type="text/css", headers=headers)
