"""Whom a map has to name: asked of the streets and boundaries that it shows."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from geo_service.sql.loader import statements

_WORDS = {
    "de": {
        "roads": "Straßen",
        "boundaries": "Grenzen",
        "demo": "Vorführdaten (erfunden)",
        "osm": "© OpenStreetMap-Mitwirkende (ODbL)",
    },
    "en": {
        "roads": "Streets",
        "boundaries": "Boundaries",
        "demo": "demo data (invented)",
        "osm": "© OpenStreetMap contributors (ODbL)",
    },
}


def map_credits(session: Session, town: str, language: str) -> dict[str, tuple[str, ...]]:
    """By subject (`roads`, `boundaries`), each credit as one text; town: AGS, shown with its neighbours."""
    words = _WORDS["en" if language == "en" else "de"]
    found: dict[str, list[str]] = {}
    for row in session.execute(text(statements("pages")["list_credits"]), {"town": town}):
        found.setdefault(row.subject, []).append(words.get(row.credit, row.credit))
    return {subject: (f"{words[subject]}: {', '.join(names)}",) for subject, names in found.items()}
