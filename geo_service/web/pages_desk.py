"""`/towns/{slug}/desk/cases/{reference}`: one case with its decision; and the other pages of the desk."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from geo_service.identity.caller import require_desk
from geo_service.identity.secrets import csrf_token
from geo_service.occupations.use_request import TrafficOrder
from geo_service.permits.change_permit import change_permit
from geo_service.permits.decide_permit import require_version
from geo_service.permits.offer_detour import offer_for_case
from geo_service.permits.permit import get_permit
from geo_service.permits.permit_request import PermitRequest
from geo_service.towns.town import get_town
from geo_service.web.desk_answers import back_to_case
from geo_service.web.labels import labels_of
from geo_service.web.pages_case import case_page
from geo_service.web.pages_conflicts import router as conflicts_router
from geo_service.web.pages_consultation import router as consultation_router
from geo_service.web.pages_counter import router as counter_router
from geo_service.web.pages_decide import router as decide_router
from geo_service.web.pages_desk_map import router as map_router
from geo_service.web.pages_fees import router as fees_router
from geo_service.web.pages_findings import router as findings_router
from geo_service.web.pages_imports import router as imports_router
from geo_service.web.pages_messages import router as messages_router
from geo_service.web.pages_objects import router as objects_router
from geo_service.web.pages_people import router as people_router
from geo_service.web.pages_queue import router as queue_router
from geo_service.web.pages_street import router as street_router
from geo_service.web.pages_timeline import router as timeline_router
from geo_service.web.scope import CurrentCaller, PublicSession
from geo_service.web.sign_in_cookie import sign_in_cookie

router = APIRouter(include_in_schema=False)
router.include_router(queue_router)
router.include_router(decide_router)
router.include_router(counter_router)
router.include_router(street_router)
router.include_router(imports_router)
router.include_router(conflicts_router)
router.include_router(timeline_router)
router.include_router(map_router)
router.include_router(objects_router)
router.include_router(findings_router)
router.include_router(consultation_router)
router.include_router(fees_router)
router.include_router(messages_router)
router.include_router(people_router)


@router.get("/towns/{slug}/desk/cases/{reference}")
def desk_case(
    slug: str, reference: str, request: Request, session: PublicSession, caller: CurrentCaller
) -> Response:
    """One case with its findings and the steps that are possible now."""
    town = get_town(session, slug)
    require_desk(caller, town.ags)
    permit = get_permit(session, reference, caller=caller)
    return case_page(
        request,
        session,
        permit,
        caller,
        town,
        template="desk_case.html",
        csrf=_csrf(request),
        refusal=None,
        typed={},
        consents=labels_of("consent"),
        detour_offer=offer_for_case(session, permit, as_of=datetime.now(UTC)),
    )


@router.post("/towns/{slug}/desk/cases/{reference}/facts")
def enter_facts(  # noqa: PLR0913, PLR0917 - one per field of the form
    slug: str,
    reference: str,
    request: Request,
    session: PublicSession,
    caller: CurrentCaller,
    version: Annotated[int, Form()],
    order_number: Annotated[str, Form(max_length=100)] = "",
    consent: Annotated[list[str], Form(max_length=20)] = [],  # noqa: B006 - FastAPI copies it
) -> Response:
    """What offices have given since filing: the traffic order and consents. The findings are made anew."""
    town = get_town(session, slug)
    require_desk(caller, town.ags)
    permit = get_permit(session, reference, caller=caller, lock=True)
    require_version(permit, frozenset({version}))
    number = order_number.strip()
    order = TrafficOrder(period=permit.use.period, number=number) if number else None
    known = {code for code, _ in labels_of("consent")}
    use = replace(permit.use, traffic_order=order, consents=frozenset(consent) & known)
    asked = PermitRequest(use=use, purpose=permit.purpose)
    change_permit(session, permit, asked, caller=caller, as_of=datetime.now(UTC), token=None)
    return back_to_case(request, town, reference)


@router.post("/towns/{slug}/desk/cases/{reference}/detour")
def take_over_detour(
    slug: str,
    reference: str,
    request: Request,
    session: PublicSession,
    caller: CurrentCaller,
    version: Annotated[int, Form()],
) -> Response:
    """The way that is offered now becomes the detour of the request. The findings are made anew."""
    town = get_town(session, slug)
    require_desk(caller, town.ags)
    permit = get_permit(session, reference, caller=caller, lock=True)
    require_version(permit, frozenset({version}))
    as_of = datetime.now(UTC)
    offer = offer_for_case(session, permit, as_of=as_of)
    if offer is not None:
        asked = PermitRequest(use=replace(permit.use, detour=offer.way), purpose=permit.purpose)
        change_permit(session, permit, asked, caller=caller, as_of=as_of, token=None)
    return back_to_case(request, town, reference)


def _csrf(request: Request) -> str:
    cookie = sign_in_cookie(request)
    return csrf_token(cookie) if cookie else ""
