"""`GET /api/v1/rules`: the whole catalogue with the values in force today."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query

from geo_service.conflicts.catalogue import catalogue, rule_documents
from geo_service.conflicts.rule_basis import get_basis
from geo_service.interval import TOWN_ZONE
from geo_service.towns.town import get_town
from geo_service.web.scope import PublicSession

router = APIRouter(prefix="/api/v1", tags=["rules"])


@router.get("/rules")
def get_rules(
    session: PublicSession,
    town: str | None = None,
    basis: Annotated[str | None, Query(max_length=60)] = None,
) -> dict[str, Any]:
    """Every conflict rule with its words, conditions and values; `town` (AGS or slug) for its own values.

    `basis`: as they were recorded with a decision (`at_grant.rule_basis` of a case).
    """
    if basis is not None:
        recorded = get_basis(session, basis)
        recorded_on = recorded.recorded_at.astimezone(TOWN_ZONE).date()
        return {"town": recorded.town, "day": recorded_on.isoformat(), "rules": recorded.rules}
    ags = None if town is None else get_town(session, town).ags
    day = datetime.now(TOWN_ZONE).date()
    return {
        "town": ags,
        "day": day.isoformat(),
        "rules": rule_documents(catalogue(session, ags, day)),
    }
