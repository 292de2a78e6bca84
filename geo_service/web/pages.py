"""The public pages: portal, a town's map with its list, the rule catalogue is in pages_rules.py."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from geo_service.interval import TOWN_ZONE
from geo_service.mapview.assets import STATIC
from geo_service.mapview.credits import map_credits
from geo_service.mapview.map_setting import Bounds, MapParts, MapSetting
from geo_service.mapview.view import get_view
from geo_service.sql.loader import statements, text
from geo_service.towns.town import Town, get_town, list_towns
from geo_service.web.language import language_of
from geo_service.web.page import page
from geo_service.web.scope import PublicSession
from geo_service.web.security_headers import nonce_of

router = APIRouter(include_in_schema=False)


def street_box(session: Session, ags: str) -> Bounds:
    """Where a map of this town begins."""
    row = session.execute(text(statements("streets")["get_street_box"]), {"town": ags}).one()
    return (row.west, row.south, row.east, row.north)


def page_map(  # noqa: PLR0913 - what differs between maps, by name
    request: Request,
    session: Session,
    town: Town,
    view: str,
    *,
    bounds: Bounds | None = None,
    day: str | None = None,
    drawing: bool = False,
) -> MapParts:
    """The markup of one map on one page of `town`; `drawing`: with the tools to draw on it."""
    from geo_service.mapview.town_map import render_map  # noqa: PLC0415 - Folium is loaded with the first map

    setting = MapSetting(
        language=language_of(request),
        bounds=bounds or street_box(session, town.ags),
        focus=town.ags,
        day=day,
        base=request.scope.get("root_path", ""),
        drawing=drawing,
        credits=map_credits(session, town.ags, language_of(request)),
    )
    return render_map(get_view(view), setting, nonce=nonce_of(request))


def today() -> date:
    """The civil day in the towns' time zone."""
    return datetime.now(tz=TOWN_ZONE).date()


@router.get("/")
def portal(request: Request, session: PublicSession) -> HTMLResponse:
    """What can be done here, and where."""
    towns = list_towns(session)
    open_towns = [town for town in towns if town.accepts_requests]
    return page(
        request,
        "portal.html",
        open_towns=open_towns,
        other_towns=[t for t in towns if not t.accepts_requests],
    )


@router.get("/favicon.ico")
def favicon() -> FileResponse:
    """The mark, where a browser asks for it unasked: beside JSON and other answers that name none."""
    return FileResponse(STATIC / "img" / "mark.svg", headers={"Cache-Control": "public, max-age=86400"})


@router.get("/towns/{slug}")
def public_map_without_slash(slug: str, request: Request) -> Response:
    """The page's address ends with a slash."""
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(
        f"{request.scope.get('root_path', '')}{request.url.path}/{query}", status_code=307
    )


@router.get("/towns/{slug}/")
def public_map(
    slug: str, request: Request, session: PublicSession, day: Annotated[str, Query(max_length=10)] = ""
) -> HTMLResponse:
    """The public map, and beside it the same as a list for people without a map."""
    town = get_town(session, slug)
    request.state.frame_ancestors = town.settings.website_origins
    chosen = _day(day)
    rows = session.execute(
        text(statements("pages")["list_in_street"]), {"town": town.ags, "day": chosen, "today": today()}
    ).all()
    return page(
        request,
        "public_map.html",
        town=town,
        map=page_map(request, session, town, "public", day=chosen.isoformat() if chosen else None),
        rows=rows,
        chosen=chosen,
        streets=session.execute(text(statements("streets")["list_street_places"]), {"town": town.ags}).all(),
    )


def _day(value: str) -> date | None:
    try:
        return date.fromisoformat(value) if value else None
    except ValueError:
        return None
