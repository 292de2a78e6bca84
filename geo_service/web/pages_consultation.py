"""Notes and consultations in the desk's plain form, and `/consultations/{id}`: the page of who is asked."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import AfterValidator
from sqlalchemy.orm import Session

from geo_service.errors import GeoServiceError, Invalid, Rejected
from geo_service.identity.caller import Caller, require_desk
from geo_service.identity.secrets import csrf_token
from geo_service.permits.consultations import (
    Consultation,
    Question,
    Verdict,
    answer_consultation,
    consult,
    get_consultation,
    list_consultations_asked_of,
)
from geo_service.permits.notes import add_note
from geo_service.permits.permit import get_permit
from geo_service.towns.town import get_town, list_towns
from geo_service.web.api_consultations import who_answers
from geo_service.web.desk_answers import back_to_case
from geo_service.web.page import page
from geo_service.web.pages import page_map
from geo_service.web.pages_case import bounds_around
from geo_service.web.scope import CurrentCaller, PublicSession
from geo_service.web.sign_in import refuse_other_site
from geo_service.web.sign_in_cookie import sign_in_cookie
from geo_service.web.storable import mail_address
from geo_service.web.token_cookie import keep_token, path_here

router = APIRouter(include_in_schema=False)

_COOKIE = "geo_service_consultation"


@router.post("/towns/{slug}/desk/cases/{reference}/notes")
def write_note(
    slug: str,
    reference: str,
    request: Request,
    session: PublicSession,
    caller: CurrentCaller,
    words: Annotated[str, Form(max_length=4000)],
) -> Response:
    """Keep an internal note; an empty one is none."""
    town = get_town(session, slug)
    require_desk(caller, town.ags)
    permit = get_permit(session, reference, caller=caller)
    if words.strip():
        add_note(session, permit, words.strip(), by=caller, as_of=datetime.now(UTC))
    return back_to_case(request, town, reference)


@router.post("/towns/{slug}/desk/cases/{reference}/consultations")
def ask_office(  # noqa: PLR0913, PLR0917 - one per field of the form
    slug: str,
    reference: str,
    request: Request,
    session: PublicSession,
    caller: CurrentCaller,
    question: Annotated[str, Form(min_length=1, max_length=4000)],
    office: Annotated[str, Form(max_length=200)] = "",
    asked_town: Annotated[str, Form(max_length=8)] = "",
    working_days: Annotated[int, Form(ge=1, le=60)] = 10,
    email: Annotated[str, Form(max_length=254), AfterValidator(mail_address)] = "",
) -> Response:
    """Ask an office or a neighbour town; the link to send is on the case afterwards."""
    town = get_town(session, slug)
    require_desk(caller, town.ags)
    permit = get_permit(session, reference, caller=caller, lock=True)
    asked = Question(
        question=question.strip(),
        office=office.strip() or None,
        asked_town=asked_town or None,
        working_days=working_days,
        email=email.strip() or None,
    )
    consult(session, permit, asked, caller=caller, as_of=datetime.now(UTC))
    return back_to_case(request, town, reference)


@router.get("/towns/{slug}/desk/consultations")
def asked_of_us(slug: str, request: Request, session: PublicSession, caller: CurrentCaller) -> Response:
    """What other towns ask this one, unanswered ones first."""
    town = get_town(session, slug)
    require_desk(caller, town.ags)
    return page(
        request,
        "desk_consultations.html",
        town=town,
        caller=caller,
        consultations=list_consultations_asked_of(session, town.ags),
        csrf=_csrf(request),
        town_names={one.ags: one.name for one in list_towns(session)},
    )


@router.get("/consultations/{consultation_id}")
def read_question(
    consultation_id: UUID,
    request: Request,
    session: PublicSession,
    caller: CurrentCaller,
    token: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """With a token: keep it in a cookie of this path and redirect. With the cookie: the question."""
    request.state.referrer_policy = "no-referrer"
    if token:
        get_consultation(session, consultation_id, token=token)  # NoSuchConsultation for a wrong one
        return keep_token(request, _COOKIE, f"/consultations/{consultation_id}", token)
    found = get_consultation(session, consultation_id, token=request.cookies.get(_COOKIE))
    return _question_page(request, session, found, caller)


@router.post("/consultations/{consultation_id}")
def answer(  # noqa: PLR0913, PLR0917 - one per field of the form
    consultation_id: UUID,
    request: Request,
    session: PublicSession,
    caller: CurrentCaller,
    verdict: Annotated[Verdict, Form()],
    words: Annotated[str, Form(max_length=4000)] = "",
    name: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Answer; a refusal is shown on the page itself."""
    request.state.referrer_policy = "no-referrer"
    refuse_other_site(request)
    token = request.cookies.get(_COOKIE)
    found = get_consultation(session, consultation_id, token=token)
    try:
        with session.begin_nested():
            by_name = who_answers(caller, name.strip() or None)
            answer_consultation(session, found, verdict, words, by_name=by_name, as_of=datetime.now(UTC))
    except (Invalid, Rejected) as refusal:
        found = get_consultation(session, consultation_id, token=token)
        return _question_page(request, session, found, caller, refusal=refusal)
    return RedirectResponse(path_here(request, f"/consultations/{consultation_id}"), status_code=303)


def _question_page(
    request: Request,
    session: Session,
    found: Consultation,
    caller: Caller,
    *,
    refusal: GeoServiceError | None = None,
) -> Response:
    town = get_town(session, found.town)
    place = found.shown["geometry"]
    return page(
        request,
        "consultation.html",
        status=200 if refusal is None else refusal.status,
        town=town,
        found=found,
        shown={
            "geometry": place,
            "findings": [],
            "detour": found.shown["properties"]["detour"],
            "detour_offer": None,
        },
        map=page_map(request, session, town, "desk", bounds=bounds_around(place)),
        caller=caller,
        csrf=_csrf(request),
        refusal=refusal,
    )


def _csrf(request: Request) -> str:
    cookie = sign_in_cookie(request)
    return csrf_token(cookie) if cookie else ""
