"""`GET /api/v1/rules`: the whole catalogue with the values in force today."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import APIRouter

from geo_service.conflicts.catalogue import catalogue, rule_documents
from geo_service.interval import TOWN_ZONE
from geo_service.towns.town import get_town
from geo_service.web.scope import PublicSession

router = APIRouter(prefix="/api/v1", tags=["rules"])


@router.get("/rules")
def get_rules(session: PublicSession, town: str | None = None) -> dict[str, Any]:
    """Every conflict rule with its words, conditions and values; `town` (AGS or slug) for its own values."""
    ags = None if town is None else get_town(session, town).ags
    day = datetime.now(TOWN_ZONE).date()
    return {
        "town": ags,
        "day": day.isoformat(),
        "rules": rule_documents(catalogue(session, ags, day)),
    }
