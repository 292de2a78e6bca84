"""The reader's language: `?lang=`, else Accept-Language, German first."""

from __future__ import annotations

from fastapi import Request

from geo_service.as_written import Language

__all__ = ["Language", "language_of"]


def language_of(request: Request) -> Language:
    """German unless the reader asks for English, or prefers it and does not read German."""
    asked = request.query_params.get("lang")
    if asked in ("de", "en"):
        return "en" if asked == "en" else "de"
    best: dict[str, float] = {}
    for entry in request.headers.get("accept-language", "").lower().split(","):
        name, _, weight = entry.strip().partition(";q=")
        try:
            best[name[:2]] = max(best.get(name[:2], 0.0), float(weight or 1))
        except ValueError:
            continue
    return "en" if best.get("en", 0.0) > best.get("de", 0.0) else "de"
