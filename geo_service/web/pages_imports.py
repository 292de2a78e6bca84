"""`/towns/{slug}/desk/imports`: what was brought in from other sources, what was refused and why."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from geo_service.construction.feeds import list_feeds
from geo_service.identity.caller import require_desk
from geo_service.identity.secrets import csrf_token
from geo_service.towns.town import get_town
from geo_service.web.page import page
from geo_service.web.scope import CurrentCaller, PublicSession
from geo_service.web.sign_in_cookie import sign_in_cookie

router = APIRouter(include_in_schema=False)

SHOWN = 200  # lines of one list; the command's --json has them all


@router.get("/towns/{slug}/desk/imports")
def imports(slug: str, request: Request, session: PublicSession, caller: CurrentCaller) -> Response:
    """The last import of each feed; for desks, because it also names what stands in the way of a site."""
    town = get_town(session, slug)
    require_desk(caller, town.ags)
    cookie = sign_in_cookie(request)
    return page(
        request,
        "desk_imports.html",
        town=town,
        caller=caller,
        feeds=list_feeds(session),
        shown=SHOWN,
        csrf=csrf_token(cookie) if cookie else "",
    )
