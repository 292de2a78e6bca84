"""`/towns/{slug}/desk/street`: everything in one street on one page, and one step for several of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from geo_service.conflicts.screen_scope import NoSuchStreet
from geo_service.conflicts.street_timeline import MOST, Timeline, street_timeline
from geo_service.errors import Invalid
from geo_service.identity.caller import Caller, require_desk
from geo_service.interval import TOWN_ZONE, Interval
from geo_service.sql.loader import statements, text
from geo_service.towns.town import Town, get_town
from geo_service.web.conflict_filter import AskedFilter, ConflictFilter
from geo_service.web.page import page
from geo_service.web.pages_objects import csrf_of
from geo_service.web.pages_timeline import WIDTH, Scale, months_of, row_of, span_of
from geo_service.web.scope import CurrentCaller, PublicSession
from geo_service.web.street_deeds import Line, Outcome, do_together, steps_of

router = APIRouter(include_in_schema=False)
_STATES = {"permits": "permit_status", "construction_sites": "site_state", "events": "event_state"}


@router.get("/towns/{slug}/desk/street")
def street(
    slug: str, request: Request, session: PublicSession, caller: CurrentCaller, asked: AskedFilter
) -> Response:
    """The street; without one, the choice of it."""
    town = get_town(session, slug)
    require_desk(caller, town.ags)
    return _page(request, session, town, caller, asked, outcomes=())


@router.post("/towns/{slug}/desk/street")
def decide_together(  # noqa: PLR0913, PLR0917 - one per field of the form
    slug: str,
    request: Request,
    session: PublicSession,
    caller: CurrentCaller,
    asked: AskedFilter,
    deed: Annotated[str, Form(max_length=60)] = "",
    line: Annotated[list[str], Form(max_length=200)] = [],  # noqa: B006 - FastAPI copies it
    reason: Annotated[str, Form(max_length=4000)] = "",
) -> Response:
    """One step for every line that is ticked; the same page tells what became of each."""
    town = get_town(session, slug)
    require_desk(caller, town.ags)
    try:
        lines = [Line.read(words) for words in line]
        outcomes = do_together(session, lines, deed, reason, caller=caller, as_of=datetime.now(UTC))
    except Invalid as refusal:
        return _page(request, session, town, caller, asked, outcomes=(), refusal=refusal)
    return _page(request, session, town, caller, asked, outcomes=outcomes)


def _page(  # noqa: PLR0913 - what the page shows
    request: Request,
    session: Session,
    town: Town,
    caller: Caller,
    asked: ConflictFilter,
    *,
    outcomes: Sequence[Outcome],
    refusal: Invalid | None = None,
) -> HTMLResponse:
    span = span_of(asked, datetime.now(TOWN_ZONE).date())
    known, found = True, Timeline(bars=(), cut=False)
    if asked.street:
        try:
            found = street_timeline(session, town.ags, asked.street, span, with_ended=True)
        except NoSuchStreet:
            known = False
    scale = Scale(span=span)
    rows = [_row(row_of(bar, scale, caller), town) for bar in found.bars]
    names = session.execute(text(statements("screening")["screening_streets"]), {"town": town.ags})
    now = datetime.now(TOWN_ZONE)
    return page(
        request,
        "desk_street.html",
        status=200 if refusal is None else refusal.status,
        town=town,
        caller=caller,
        asked=asked,
        query=asked.query(),
        span=span,
        street_known=known,
        streets=sorted(names.scalars()),
        rows=rows,
        deeds=_deeds(rows),
        state_lists=_STATES,
        outcomes=outcomes,
        refusal=refusal,
        months=months_of(scale),
        today=scale.place(now) if span.overlaps(Interval(now)) else None,
        cut=found.cut,
        most=MOST,
        width=WIDTH,
        csrf=csrf_of(request),
    )


def _row(row: dict[str, Any], town: Town) -> dict[str, Any]:
    """With what can be done about it here; nothing where it is another town's."""
    thing = row["thing"]
    steps, line = [], None
    if thing["town"] == town.ags and thing["id"]:
        steps = steps_of(thing["collection"], thing["status"])
        key = thing["reference"] if thing["collection"] == "permits" else thing["id"]
        line = str(Line(collection=thing["collection"], key=key, state=thing["status"]))
    return {**row, "steps": steps, "line": line if steps else None}


def _deeds(rows: Sequence[dict[str, Any]]) -> dict[str, dict[str, int]]:
    """The steps that are possible for something here, by collection, and for how many."""
    found: dict[str, dict[str, int]] = {}
    for row in rows:
        for step in row["steps"]:
            counts = found.setdefault(row["thing"]["collection"], {})
            counts[step] = counts.get(step, 0) + 1
    return found
