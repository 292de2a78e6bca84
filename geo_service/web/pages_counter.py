"""`/towns/{slug}/desk/counter`: a paper application is entered for somebody; filed like any other request.

The form sends the case API what the citizen's form does (static/js/apply.js); what is different is who types,
and that a place may be said by street, side and size instead of being drawn.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from geo_service.as_written import number_text
from geo_service.conflicts.screen_scope import NoSuchStreet, street_names_like
from geo_service.identity.caller import require_desk
from geo_service.occupations.use_types import use_types
from geo_service.roads.street_places import Place, Side, Stretch, Strip, list_stretches, place_on_stretch
from geo_service.sql.loader import statements, text
from geo_service.towns.town import get_town
from geo_service.web.labels import label, labels_of
from geo_service.web.language import Language, language_of
from geo_service.web.page import page
from geo_service.web.pages import page_map, today
from geo_service.web.pages_objects import csrf_of
from geo_service.web.scope import CurrentCaller, PublicSession

router = APIRouter(include_in_schema=False)

_SHOWN_LEAD = timedelta(days=28)
_SHOWN_DAYS = timedelta(days=13)
Metres = Annotated[float, Query(gt=0, le=500, allow_inf_nan=False)]


@router.get("/towns/{slug}/desk/counter")
def counter(slug: str, request: Request, session: PublicSession, caller: CurrentCaller) -> Response:
    """The form, applicant first as on the paper."""
    town = get_town(session, slug)
    require_desk(caller, town.ags)
    first = today() + _SHOWN_LEAD
    return page(
        request,
        "desk_counter.html",
        town=town,
        caller=caller,
        csrf=csrf_of(request),
        mails=request.app.state.settings.smtp_url is not None,
        map=page_map(request, session, town, "apply", drawing=True),
        uses=list(use_types().values()),
        restrictions=labels_of("restriction"),
        first=first,
        last=first + _SHOWN_DAYS,
        streets=session.execute(text(statements("streets")["list_street_places"]), {"town": town.ags}).all(),
    )


@router.get("/towns/{slug}/desk/counter/stretches")
def stretches(
    slug: str,
    request: Request,
    session: PublicSession,
    caller: CurrentCaller,
    street: Annotated[str, Query(max_length=200)],
) -> Response:
    """The stretches of a street as somebody wrote its name, in words; none where there is no such street."""
    town = get_town(session, slug)
    require_desk(caller, town.ags)
    try:
        names = street_names_like(session, street, town.ags)
    except NoSuchStreet:
        names = []
    language = language_of(request)
    found = list_stretches(session, town.ags, names) if names else ()
    return _json(
        {"street": names[0] if names else None, "stretches": [_told(one, language) for one in found]}
    )


@router.get("/towns/{slug}/desk/counter/place")
def place(  # noqa: PLR0913, PLR0917 - one per field of the form
    slug: str,
    session: PublicSession,
    caller: CurrentCaller,
    segment: Annotated[str, Query(max_length=200)],
    side: Side,
    strip: Strip,
    length_m: Metres,
    depth_m: Metres,
    at_m: Annotated[float | None, Query(ge=0, le=100_000, allow_inf_nan=False)] = None,
) -> Response:
    """The area of this size there, as a GeoJSON Polygon in CRS84."""
    town = get_town(session, slug)
    require_desk(caller, town.ags)
    asked = Place(segment_id=segment, side=side, strip=strip, length_m=length_m, depth_m=depth_m, at_m=at_m)
    return _json(place_on_stretch(session, town.ags, asked))


def _json(document: dict[str, Any]) -> Response:
    return Response(
        orjson.dumps(document), media_type="application/json", headers={"Cache-Control": "no-store"}
    )


def _told(one: Stretch, language: Language) -> dict[str, Any]:
    """In words: between which streets, how long, and the sides by the sky."""
    ends = [" / ".join(names) for names in (one.at_start, one.at_end)]
    if all(ends):
        where = " – ".join(ends)
    elif any(ends):
        where = f"{'ab' if language == 'de' else 'from'} {ends[0] or ends[1]}"
    else:
        where = one.street_name
    return {
        "id": one.segment_id,
        "text": f"{where}, {number_text(one.length_m, language, 0)} m",
        "length_m": round(one.length_m, 1),
        "start": ends[0] or None,
        "left": label("street_side", one.left, language),
        "right": label("street_side", one.right, language),
    }
