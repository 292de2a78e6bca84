"""`/towns/{slug}/desk/conflicts`: all conflicts of a town as table and map, to filter and to take away."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from geo_service.conflicts.screen_files import csv_rows, geojson_lines, screened_document
from geo_service.conflicts.screen_scope import NoSuchStreet
from geo_service.conflicts.town_conflicts import TownConflicts, list_town_conflicts, screen_town_anew
from geo_service.identity.caller import Caller, require_desk
from geo_service.identity.secrets import csrf_token
from geo_service.sql.loader import statements, text
from geo_service.towns.town import Town, get_town
from geo_service.web.conflict_filter import SEVERITIES, AskedFilter, ConflictFilter
from geo_service.web.language import language_of
from geo_service.web.page import page
from geo_service.web.pages import page_map
from geo_service.web.scope import CurrentCaller, PublicSession
from geo_service.web.sign_in_cookie import sign_in_cookie

router = APIRouter(include_in_schema=False)

SHOWN = 200  # rows of the page; what is taken away has more
_TAKEN_AWAY = 10_000
_NONE = TownConflicts(shown=(), total=0)
_PRIVATE = {"Cache-Control": "no-store", "Vary": "Cookie, Authorization"}
Count = Annotated[int | None, Query(ge=0, le=10_000_000)]


@router.get("/towns/{slug}/desk/conflicts")
def conflicts(  # noqa: PLR0913, PLR0917 - one per parameter
    slug: str,
    request: Request,
    session: PublicSession,
    caller: CurrentCaller,
    asked: AskedFilter,
    found: Count = None,
    new: Count = None,
    gone: Count = None,
) -> Response:
    """The worst conflicts as a table beside the map; the numbers are those of a screening just made."""
    town = get_town(session, slug)
    require_desk(caller, town.ags)
    listed, street_known = _listed(session, town, asked, most=SHOWN)
    cookie = sign_in_cookie(request)
    return page(
        request,
        "desk_conflicts.html",
        town=town,
        caller=caller,
        asked=asked,
        rows=[screened_document(one, caller) for one in listed.shown],
        total=listed.total,
        street_known=street_known,
        severities=SEVERITIES,
        streets=_streets(session, town),
        query=asked.query(),
        screened=None if found is None else {"found": found, "new": new or 0, "gone": gone or 0},
        map=page_map(request, session, town, "conflicts"),
        csrf=csrf_token(cookie) if cookie else "",
    )


@router.post("/towns/{slug}/desk/conflicts")
def screen_now(slug: str, request: Request, session: PublicSession, caller: CurrentCaller) -> Response:
    """Screen the town now and store what is found; then the page, with what has changed."""
    town = get_town(session, slug)
    require_desk(caller, town.ags)
    anew = screen_town_anew(session, town.ags, as_of=datetime.now(UTC))
    path = f"{request.scope.get('root_path', '')}/towns/{town.slug}/desk/conflicts"
    language = request.query_params.get("lang")
    more = f"&lang={language}" if language in ("de", "en") else ""
    return RedirectResponse(
        f"{path}?found={anew.found}&new={anew.new}&gone={anew.gone}{more}", status_code=303
    )


@router.get("/towns/{slug}/desk/conflicts.geojson")
def conflicts_geojson(
    slug: str, session: PublicSession, caller: CurrentCaller, asked: AskedFilter
) -> Response:
    """The same as GeoJSON in CRS84, for the map and to take away."""
    documents = _documents(session, slug, caller, asked)
    return Response(b"".join(geojson_lines(documents)), media_type="application/geo+json", headers=_PRIVATE)


@router.get("/towns/{slug}/desk/conflicts.csv")
def conflicts_csv(
    slug: str, request: Request, session: PublicSession, caller: CurrentCaller, asked: AskedFilter
) -> Response:
    """The same as CSV for a spreadsheet."""
    text_file = io.StringIO()
    text_file.write("\ufeff")  # without it, a spreadsheet takes the umlauts for something else
    documents = _documents(session, slug, caller, asked)
    csv.writer(text_file).writerows(csv_rows(documents, language_of(request)))
    return Response(
        text_file.getvalue().encode(),
        media_type="text/csv; charset=utf-8",
        headers=_PRIVATE | {"Content-Disposition": 'attachment; filename="conflicts.csv"'},
    )


def _documents(session: Session, slug: str, caller: Caller, asked: ConflictFilter) -> list[dict[str, Any]]:
    town = get_town(session, slug)
    require_desk(caller, town.ags)
    listed, _ = _listed(session, town, asked, most=_TAKEN_AWAY)
    return [screened_document(one, caller) for one in listed.shown]


def _listed(session: Session, town: Town, asked: ConflictFilter, *, most: int) -> tuple[TownConflicts, bool]:
    """Nothing and false for a street that the town does not have."""
    try:
        found = list_town_conflicts(session, town.ags, asked.scope(), open_only=not asked.settled, most=most)
    except NoSuchStreet:
        return _NONE, False
    return found, True


def _streets(session: Session, town: Town) -> list[str]:
    rows = session.execute(text(statements("screening")["screening_streets"]), {"town": town.ags})
    return sorted(rows.scalars())
