"""Where imported sites come from, and what the last import of each feed did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from geo_service.sql.loader import statements, text


@dataclass(frozen=True, kw_only=True, slots=True)
class SiteFeed:
    """One feed. report: the fields of SiteReport as JSON keeps them."""

    source: str
    title: str
    attribution: str
    licence: str
    url: str | None
    last_file: str
    last_snapshot: datetime
    imported_at: datetime
    report: Mapping[str, Any]


def list_feeds(session: Session) -> list[SiteFeed]:
    """Every feed that was ever imported, by title."""
    rows = session.execute(text(statements("construction")["list_feeds"]))
    return [SiteFeed(**row) for row in rows.mappings()]
