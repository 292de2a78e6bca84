"""Whom a map has to name: asked of the streets, boundaries and imported sites that it may show."""

from __future__ import annotations

from sqlalchemy.orm import Session

from geo_service.sql.loader import statements, text

_WORDS = {
    "de": {
        "roads": "Straßen",
        "boundaries": "Grenzen",
        "sites": "Baustellen",
        "demo": "Vorführdaten (erfunden)",
        "osm": "© OpenStreetMap-Mitwirkende (ODbL)",
    },
    "en": {
        "roads": "Streets",
        "boundaries": "Boundaries",
        "sites": "Construction sites",
        "demo": "demo data (invented)",
        "osm": "© OpenStreetMap contributors (ODbL)",
    },
}


def map_credits(session: Session, town: str, language: str) -> dict[str, tuple[str, ...]]:
    """By subject (`roads`, `boundaries`, `sites`), each credit as one text; town: AGS, with neighbours."""
    words = _WORDS["en" if language == "en" else "de"]
    found: dict[str, list[str]] = {}
    for row in session.execute(text(statements("pages")["list_credits"]), {"town": town}):
        found.setdefault(row.subject, []).append(words.get(row.credit, row.credit))
    return {subject: (f"{words[subject]}: {', '.join(names)}",) for subject, names in found.items()}
