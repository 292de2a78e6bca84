"""`/permits/{reference}`: the applicant follows a case; a cookie replaces the token in the address."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from geo_service.conflicts.detour_offer import DetourOffer
from geo_service.conflicts.stored_findings import list_findings
from geo_service.documents.inspect_upload import MAX_FILE_BYTES
from geo_service.documents.kept_documents import (
    MOST,
    documents_left,
    list_documents,
    may_add,
    may_remove,
)
from geo_service.documents.notice import list_notices
from geo_service.fees.notice import find_notice, list_entries
from geo_service.identity.caller import Caller
from geo_service.identity.secrets import csrf_token
from geo_service.messages.outbox import list_messages_about
from geo_service.messages.wording import LINK
from geo_service.permits.child_permit import request_change
from geo_service.permits.consultations import list_consultations
from geo_service.permits.decide_permit import Move, move_permit
from geo_service.permits.extensions import list_revocable_extensions
from geo_service.permits.needed_papers import missing_papers
from geo_service.permits.notes import list_notes
from geo_service.permits.permit import Permit, get_permit
from geo_service.permits.permit_document import permit_document
from geo_service.permits.proposed_conditions import propose_conditions
from geo_service.towns.town import Town, get_town, list_towns
from geo_service.web.child_body import ChildFeature, ChildProperties
from geo_service.web.labels import labels_of
from geo_service.web.limits import LimitFilings
from geo_service.web.page import page
from geo_service.web.pages import page_map
from geo_service.web.scope import CurrentCaller, PublicSession
from geo_service.web.sign_in import refuse_other_site
from geo_service.web.sign_in_cookie import sign_in_cookie
from geo_service.web.token_cookie import CASE_COOKIE, keep_token, path_here

router = APIRouter(include_in_schema=False)

_MARGIN_DEGREES = 0.0008  # about 60 m around the area of a case


@router.get("/permits/{reference}")
def follow(
    reference: str,
    request: Request,
    session: PublicSession,
    caller: CurrentCaller,
    token: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """With a token: keep it in a cookie of this path and redirect. With the cookie: the case."""
    request.state.referrer_policy = "no-referrer"
    if token:
        get_permit(session, reference, caller=caller, token=token)  # NoSuchPermit for a wrong one
        return keep_token(request, CASE_COOKIE, case_path(reference), token)
    permit = get_permit(session, reference, caller=caller, token=request.cookies.get(CASE_COOKIE))
    town = get_town(session, permit.town)
    cookie = sign_in_cookie(request)
    csrf = csrf_token(cookie) if cookie else ""
    return case_page(request, session, permit, caller, town, template="case.html", csrf=csrf)


@router.post("/permits/{reference}/steps")
def take_step(
    reference: str,
    request: Request,
    session: PublicSession,
    caller: CurrentCaller,
    to: Annotated[str, Form(max_length=40)],
    reason: Annotated[str, Form(max_length=4000)] = "",
) -> Response:
    """What the applicant may do; the cookie is SameSite and the form must be this service's own."""
    request.state.referrer_policy = "no-referrer"
    refuse_other_site(request)
    token = request.cookies.get(CASE_COOKIE)
    move = Move(to=to, reason=reason.strip() or None)
    move_permit(session, reference, move, caller=caller, as_of=datetime.now(UTC), token=token)
    return RedirectResponse(path_here(request, case_path(reference)), status_code=303)


@router.post("/permits/{reference}/extend")
def extend(
    reference: str,
    request: Request,
    session: PublicSession,
    caller: CurrentCaller,
    _: LimitFilings,
    until: Annotated[date, Form()],
    urgent_reason: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Ask for an extension; it is a case of its own, which is opened at once."""
    request.state.referrer_policy = "no-referrer"
    refuse_other_site(request)
    token = request.cookies.get(CASE_COOKIE)
    parent = get_permit(session, reference, caller=caller, token=token, lock=True)
    stated = ChildProperties(until=until, urgent_reason=urgent_reason.strip() or None)
    change = ChildFeature(kind="extension", properties=stated).to_change()
    filed = request_change(session, parent, change, filed_by=caller, as_of=datetime.now(UTC))
    return keep_token(request, CASE_COOKIE, case_path(filed.key), filed.token)


def case_page(  # noqa: PLR0913 - what a case page shows
    request: Request,
    session: Session,
    permit: Permit,
    caller: Caller,
    town: Town,
    *,
    template: str,
    status: int = 200,
    detour_offer: DetourOffer | None = None,
    **more: Any,
) -> HTMLResponse:
    """A case with its findings and map, for the applicant (case.html) or the desk (desk_case.html)."""
    findings = list_findings(session, permit.occupation_id)
    document = permit_document(permit, findings, caller, as_of=datetime.now(UTC))
    consultations = list_consultations(session, permit.permit_id)
    at_desk = template == "desk_case.html"
    deciding = at_desk and "granted" in document["properties"]["next"]
    return page(
        request,
        template,
        status=status,
        town=town,
        case={**document["properties"], "parties": permit.parties},
        shown={
            "geometry": document["geometry"],
            "findings": document["properties"]["findings"],
            "detour": document["properties"]["detour"],
            "detour_offer": None if detour_offer is None else detour_offer.geometry,
        },
        detour_offer=detour_offer,
        map=page_map(request, session, town, "desk", bounds=bounds_around(document["geometry"])),
        notes=list_notes(session, permit.permit_id),
        messages=list_messages_about(session, permit.permit_id),
        link_mark=LINK,
        fee_notice=find_notice(session, permit.permit_id, as_of=datetime.now(UTC)),
        fee_entries=list_entries(session, permit.permit_id),
        consultations=consultations,
        proposed=propose_conditions(session, permit, consultations) if deciding else None,
        extensions=list_revocable_extensions(session, permit.key) if at_desk and permit.children else [],
        caller=caller,
        town_names={one.ags: one.name for one in list_towns(session)},
        papers=papers_of(request, session, permit, caller),
        **more,
    )


def papers_of(request: Request, session: Session, permit: Permit, caller: Caller) -> dict[str, Any]:
    """What a case page shows of papers and notices, and why the last one was refused (pages_documents.py)."""
    documents = list_documents(session, permit.permit_id)
    left = documents_left(documents)
    kinds = labels_of("document_kind")
    needed = missing_papers(session, permit)
    return {
        "documents": left,
        "removed": [one for one in documents if one.removed_at is not None],
        "removable": {one.document_id for one in left if may_remove(permit, one, caller)},
        "notices": list_notices(session, permit.permit_id),
        "missing": needed,
        "kinds": sorted(kinds, key=lambda kind: kind[0] not in needed),  # what is missing is offered first
        "may_add": may_add(permit, caller) and len(left) < MOST,
        "most": MOST,
        "most_bytes": MAX_FILE_BYTES,
        "refusal": getattr(request.state, "upload_refusal", None),
    }


def bounds_around(geometry: dict[str, Any]) -> tuple[float, float, float, float]:
    """West, south, east, north of a GeoJSON geometry in CRS84 with a margin, in degrees."""

    def positions(part: Any) -> list[tuple[float, float]]:
        if isinstance(part[0], float | int):
            return [(part[0], part[1])]
        return [place for inner in part for place in positions(inner)]

    members = geometry.get("geometries", [geometry])
    places = [place for member in members for place in positions(member["coordinates"])]
    lons, lats = [place[0] for place in places], [place[1] for place in places]
    margin = _MARGIN_DEGREES
    return (min(lons) - margin, min(lats) - margin, max(lons) + margin, max(lats) + margin)


def case_path(reference: str) -> str:
    """The page of a case, without the prefix of the service."""
    return f"/permits/{quote(reference, safe='')}"
