"""Fees in the case API: the amount before the grant, the notice after it, lists and the treasury's file."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated, Any
from urllib.parse import urlencode

import orjson
from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.orm import Session

from geo_service.fees.list_notices import MOST, PAGE, list_notices
from geo_service.fees.notice import NoticeState, get_notice, list_entries
from geo_service.fees.treasury_file import MEDIA_TYPE, treasury_file
from geo_service.identity.caller import Caller, require_desk
from geo_service.permits.book_fee import book_entry
from geo_service.permits.decide_permit import require_version
from geo_service.permits.permit import Permit, get_permit
from geo_service.permits.set_fee import set_fee
from geo_service.web.api_permits import PRIVATE, sent_token
from geo_service.web.etag import etag_of, versions_asked
from geo_service.web.fee_body import EntryBody, SetFeeBody, notice_document, notices_document
from geo_service.web.idempotency import Once
from geo_service.web.scope import CurrentCaller, PublicSession

router = APIRouter(prefix="/api/v1", tags=["fees"])


@router.put("/permits/{reference}/fee")
def put_fee(
    reference: str, body: SetFeeBody, request: Request, session: PublicSession, caller: CurrentCaller
) -> Response:
    """Set another fee than the tariff's before the decision, with a reason; for clerks of the town."""
    permit = get_permit(session, reference, caller=caller, token=sent_token(request), lock=True)
    require_version(permit, versions_asked(request, required=True))
    changed = set_fee(session, permit, body.amount_eur, body.reason, by=caller, as_of=datetime.now(UTC))
    return _json({"reference": permit.reference, "fee": changed.fee}, ETag=etag_of(changed.version))


@router.get("/permits/{reference}/fee-notice")
def get_fee_notice(
    reference: str, request: Request, session: PublicSession, caller: CurrentCaller
) -> Response:
    """The fee notice of a case, for its applicant and the clerks of its town."""
    permit = get_permit(session, reference, caller=caller, token=sent_token(request))
    return _notice(session, permit, caller)


@router.post("/permits/{reference}/fee-notice/entries", status_code=201)
def post_fee_entry(
    reference: str,
    body: EntryBody,
    request: Request,
    session: PublicSession,
    caller: CurrentCaller,
    once: Once,
) -> Response:
    """Note that a fee was paid or given back, or credit a part of it; entries are never changed."""
    if kept := once.find_answer(session, caller):
        return kept
    permit = get_permit(session, reference, caller=caller, token=sent_token(request), lock=True)
    now = datetime.now(UTC)
    book_entry(session, permit, body.to_booking(now), by=caller, as_of=now)
    return once.keep(session, caller, _notice(session, permit, caller, status=201))


@router.get("/fee-notices")
def get_fee_notices(
    session: PublicSession,
    caller: CurrentCaller,
    state: Annotated[list[NoticeState], Query(max_length=5)] = [],  # noqa: B006 - FastAPI copies it
    q: Annotated[str | None, Query(max_length=60, pattern=r"^[^\x00]*$")] = None,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1)] = PAGE,
) -> Response:
    """Fee notices of the caller's town by due day. q: a whole cash reference or reference."""
    town = require_desk(caller).town or ""
    page = list_notices(
        session,
        town,
        as_of=datetime.now(UTC),
        states=state,
        word=q or None,
        cursor=cursor,
        limit=min(limit, MOST),
    )
    document = notices_document(page)
    document["links"] = []
    if page.cursor:
        pairs = [("state", each) for each in state] + [("limit", str(limit)), ("cursor", page.cursor)]
        query = urlencode(pairs if q is None else [*pairs, ("q", q)])
        document["links"] = [
            {"rel": "next", "href": f"/api/v1/fee-notices?{query}", "type": "application/json"}
        ]
    return _json(document)


@router.get("/fee-notices/treasury-file")
def get_treasury_file(
    session: PublicSession,
    caller: CurrentCaller,
    first_day: Annotated[date, Query(alias="from")],
    until: date,
) -> Response:
    """What was charged and taken back in the caller's town on days of a period: CSV for the treasury."""
    town = require_desk(caller).town or ""
    return treasury_answer(session, town, first_day, until)


def treasury_answer(session: Session, town: str, first_day: date, until: date) -> Response:
    """The file of a town (AGS) as a download."""
    name = f"gebuehren-{town}-{first_day.isoformat()}-{until.isoformat()}.csv"
    return Response(
        treasury_file(session, town, first_day, until),
        media_type=MEDIA_TYPE,
        headers={**PRIVATE, "Content-Disposition": f'attachment; filename="{name}"'},
    )


def _notice(session: Session, permit: Permit, caller: Caller, *, status: int = 200) -> Response:
    notice = get_notice(session, permit.permit_id, as_of=datetime.now(UTC))
    entries = list_entries(session, permit.permit_id)
    document = notice_document(notice, entries, permit.key, with_names="clerk" in permit.parties)
    return _json(document, status=status)


def _json(document: Any, *, status: int = 200, **headers: str) -> Response:
    return Response(
        orjson.dumps(document),
        status_code=status,
        media_type="application/json",
        headers={**PRIVATE, **headers},
    )
