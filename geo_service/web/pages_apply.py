"""`/towns/{slug}/apply`: the citizen draws, sees what conflicts and what it costs, and files."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from geo_service.identity.secrets import csrf_token
from geo_service.occupations.use_types import use_types
from geo_service.sql.loader import statements, text
from geo_service.towns.town import get_town
from geo_service.web.labels import labels_of
from geo_service.web.page import page
from geo_service.web.pages import page_map, today
from geo_service.web.scope import PublicSession
from geo_service.web.sign_in_cookie import sign_in_cookie

router = APIRouter(include_in_schema=False)

# Shown before anybody has typed: after the usual lead time of 14 days, two weeks long.
_SHOWN_LEAD = timedelta(days=28)
_SHOWN_DAYS = timedelta(days=13)


@router.get("/towns/{slug}/apply")
def apply_page(slug: str, request: Request, session: PublicSession) -> HTMLResponse:
    """The form beside the map; static/js/apply.js speaks with the case API."""
    town = get_town(session, slug)
    first = today() + _SHOWN_LEAD
    cookie = sign_in_cookie(request)
    return page(
        request,
        "apply.html",
        town=town,
        map=page_map(request, session, town, "apply", drawing=True),
        uses=list(use_types().values()),
        restrictions=labels_of("restriction"),
        csrf=csrf_token(cookie) if cookie else "",  # a clerk who is signed in may check and file too
        mails=request.app.state.settings.smtp_url is not None,
        first=first,
        last=first + _SHOWN_DAYS,
        streets=session.execute(text(statements("streets")["list_street_places"]), {"town": town.ags}).all(),
    )
