"""`/api/v1/permits`: file, follow, change and decide. Answers are never cached."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated, Any
from urllib.parse import urlencode

import orjson
from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.orm import Session

from geo_service.conflicts.finding import finding_document
from geo_service.conflicts.stored_findings import list_findings
from geo_service.errors import FieldFault, Malformed
from geo_service.identity.caller import Caller, require_desk
from geo_service.permits.change_permit import change_permit
from geo_service.permits.child_permit import request_change
from geo_service.permits.decide_permit import move_permit, require_version
from geo_service.permits.list_permits import MOST, PAGE, Order, list_permits
from geo_service.permits.permit import Permit, get_permit
from geo_service.permits.permit_as_of import document_as_of, get_permit_as_of
from geo_service.permits.permit_document import permit_document, queue_document
from geo_service.permits.permit_request import fee_document
from geo_service.permits.request_permit import FiledPermit, request_permit
from geo_service.permits.states import STATES
from geo_service.towns.town import get_town
from geo_service.web.child_body import ChildFeature
from geo_service.web.etag import etag_of, versions_asked
from geo_service.web.idempotency import Once
from geo_service.web.limits import LimitChecks, LimitFilings
from geo_service.web.permit_body import MoveBody, PermitFeature
from geo_service.web.scope import CurrentCaller, PublicSession

router = APIRouter(prefix="/api/v1/permits", tags=["permits"])

PRIVATE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}


def sent_token(request: Request) -> str | None:
    """The applicant's token: header `X-Permit-Token`, else `?token=`."""
    return request.headers.get("x-permit-token") or request.query_params.get("token")


@router.post("", status_code=201)
def post_permit(
    body: PermitFeature, session: PublicSession, caller: CurrentCaller, once: Once, _: LimitFilings
) -> Response:
    """File a request; `"status": "draft"` keeps it unfiled. The token is shown here and nowhere else."""
    if kept := once.find_answer(session, caller):
        return kept
    filed = request_permit(session, body.to_request(caller), filed_by=caller, as_of=datetime.now(UTC))
    return once.keep(session, caller, _filed(filed, caller))


def _filed(filed: FiledPermit, caller: Caller) -> Response:
    headers = {"Location": f"/api/v1/permits/{filed.key}", "ETag": etag_of(filed.version), **PRIVATE}
    return Response(
        orjson.dumps(_receipt(filed, caller)), status_code=201, media_type="application/json", headers=headers
    )


def _receipt(filed: FiledPermit, caller: Caller) -> dict[str, Any]:
    check = filed.assessment.check
    return {
        "permit_id": str(filed.permit_id),
        "reference": filed.reference,
        "token": filed.token,
        "status": filed.status,
        "town": filed.assessment.town,
        "area_m2": round(filed.assessment.area_m2, 2),
        "verdict": check.verdict,
        "findings": [finding_document(finding, caller) for finding in check.findings],
        "findings_total": check.findings_total,
        "fee": fee_document(filed.assessment.fee),
    }


@router.get("")
def get_permits(  # noqa: PLR0913, PLR0917 - one per query parameter
    session: PublicSession,
    caller: CurrentCaller,
    town: str | None = None,
    status: str | None = None,
    q: Annotated[str | None, Query(max_length=100)] = None,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1)] = PAGE,
    sort: Order = "newest",
) -> Response:
    """The queue of the caller's town, newest first or by when the desk has to act.

    `status` may list several, separated by commas.
    """
    require_desk(caller, None if town is None else get_town(session, town).ags)
    states = [part for part in (status or "").split(",") if part]
    if unknown := [state for state in states if state not in STATES]:
        raise Malformed(errors=[FieldFault("status", f"There is no state {unknown[0][:40]!r}.")])
    page = list_permits(
        session, caller=caller, status=states, words=q, cursor=cursor, limit=min(limit, MOST), order=sort
    )
    document = queue_document(page)
    if page.cursor:
        asked = {"town": town, "status": status, "q": q, "limit": limit, "sort": sort}
        asked["cursor"] = page.cursor
        query = urlencode({name: value for name, value in asked.items() if value is not None})
        document["links"] = [
            {"rel": "next", "href": f"/api/v1/permits?{query}", "type": "application/geo+json"}
        ]
    return Response(orjson.dumps(document), media_type="application/geo+json", headers=PRIVATE)


@router.get("/{reference}")
def get_one_permit(
    reference: str,
    request: Request,
    session: PublicSession,
    caller: CurrentCaller,
    as_of: date | None = None,
) -> Response:
    """A case for its applicant (by token) or a clerk of its town; for everybody else there is none.

    `as_of`: a past day; for clerks, what was known of the case at the end of it.
    """
    if as_of is not None:
        then = get_permit_as_of(session, reference, as_of, caller=caller, now=datetime.now(UTC))
        return Response(
            orjson.dumps(document_as_of(then, as_of, caller)),
            media_type="application/geo+json",
            headers={"ETag": etag_of(then.version), **PRIVATE},
        )
    return _answer(session, get_permit(session, reference, caller=caller, token=sent_token(request)), caller)


@router.put("/{reference}")
def put_permit(
    reference: str,
    body: PermitFeature,
    request: Request,
    session: PublicSession,
    caller: CurrentCaller,
    _: LimitChecks,
) -> Response:
    """Ask anew: the applicant in a draft or when asked for more, a clerk before the decision."""
    token = sent_token(request)
    permit = get_permit(session, reference, caller=caller, token=token, lock=True)
    require_version(permit, versions_asked(request, required=True))
    asked = body.to_request(caller)
    changed = change_permit(session, permit, asked, caller=caller, as_of=datetime.now(UTC), token=token)
    return _answer(session, changed, caller)


@router.post("/{reference}/transitions")
def post_transition(
    reference: str,
    body: MoveBody,
    request: Request,
    session: PublicSession,
    caller: CurrentCaller,
    once: Once,
    _: LimitChecks,
) -> Response:
    """Take one step. 409 (with `findings`) when the state, a block or something missing forbids it."""
    if kept := once.find_answer(session, caller):
        return kept
    move = body.to_move(versions_asked(request, required=False))
    moved = move_permit(
        session, reference, move, caller=caller, as_of=datetime.now(UTC), token=sent_token(request)
    )
    return once.keep(session, caller, _answer(session, moved, caller))


@router.post("/{reference}/children", status_code=201)
def post_child(
    reference: str,
    body: ChildFeature,
    request: Request,
    session: PublicSession,
    caller: CurrentCaller,
    once: Once,
    _: LimitFilings,
) -> Response:
    """Ask for a change of a permit in force; the receipt is that of the child, a case of its own."""
    if kept := once.find_answer(session, caller):
        return kept
    parent = get_permit(session, reference, caller=caller, token=sent_token(request), lock=True)
    change = body.to_change()
    filed = request_change(session, parent, change, filed_by=caller, as_of=datetime.now(UTC))
    return once.keep(session, caller, _filed(filed, caller))


def _answer(session: Session, permit: Permit, caller: Caller) -> Response:
    findings = list_findings(session, permit.occupation_id)
    return Response(
        orjson.dumps(permit_document(permit, findings, caller, as_of=datetime.now(UTC))),
        media_type="application/geo+json",
        headers={"ETag": etag_of(permit.version), **PRIVATE},
    )
