"""`/rules`: the whole rule catalogue in a planner's words, with the values in force today."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from sqlalchemy.orm import Session

from geo_service.conflicts.catalogue import catalogue, rule_documents
from geo_service.conflicts.rule_basis import get_basis
from geo_service.interval import TOWN_ZONE
from geo_service.towns.town import get_town, list_towns
from geo_service.web.page import page
from geo_service.web.pages import today
from geo_service.web.scope import PublicSession

router = APIRouter(include_in_schema=False)


@router.get("/rules")
def rules(
    request: Request,
    session: PublicSession,
    town: Annotated[str, Query(max_length=60)] = "",
    basis: Annotated[str, Query(max_length=60)] = "",
) -> HTMLResponse:
    """All rules; `town` (slug or AGS) shows its own values, `basis` those that a decision rested on."""
    if basis:
        return _as_recorded(request, session, basis)
    chosen = get_town(session, town) if town else None
    day = today()
    found = rule_documents(catalogue(session, chosen.ags if chosen else None, day))
    open_towns = [one for one in list_towns(session) if one.accepts_requests]
    return page(request, "rules.html", town=chosen, rules=found, on_day=day, open_towns=open_towns)


def _as_recorded(request: Request, session: Session, basis_id: str) -> HTMLResponse:
    basis = get_basis(session, basis_id)
    town = None if basis.town is None else get_town(session, basis.town)
    day = basis.recorded_at.astimezone(TOWN_ZONE).date()
    return page(request, "rules.html", town=town, rules=basis.rules, on_day=day, open_towns=[], recorded=True)
