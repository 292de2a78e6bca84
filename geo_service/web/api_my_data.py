"""The own data of an applicant: `/api/v1/permits/{reference}/my-data`, and the button of the case page."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from geo_service.conflicts.stored_findings import list_findings
from geo_service.documents.kept_documents import list_documents
from geo_service.fees.notice import find_notice, list_entries
from geo_service.identity.caller import Caller
from geo_service.messages.outbox import list_messages_about
from geo_service.permits.my_data import my_data
from geo_service.permits.permit import Permit, get_permit
from geo_service.permits.permit_document import instant
from geo_service.towns.town import get_town
from geo_service.web.api_documents import document_of, documents_of
from geo_service.web.api_messages import message_document
from geo_service.web.api_permits import PRIVATE, sent_token
from geo_service.web.fee_body import notice_document
from geo_service.web.scope import CurrentCaller, PublicSession
from geo_service.web.token_cookie import CASE_COOKIE

router = APIRouter()


@router.get("/api/v1/permits/{reference}/my-data", tags=["permits"])
def get_my_data(reference: str, request: Request, session: PublicSession, caller: CurrentCaller) -> Response:
    """What is stored about the applicant, for the applicant (by token) only."""
    return _answer(request, session, reference, caller, sent_token(request))


@router.get("/permits/{reference}/my-data", include_in_schema=False)
def download_my_data(
    reference: str, request: Request, session: PublicSession, caller: CurrentCaller
) -> Response:
    """The same for the page of the case, which has the token in its cookie."""
    request.state.referrer_policy = "no-referrer"
    return _answer(request, session, reference, caller, request.cookies.get(CASE_COOKIE))


def _answer(
    request: Request, session: Session, reference: str, caller: Caller, token: str | None
) -> Response:
    permit = get_permit(session, reference, caller=caller, token=token)
    findings = list(list_findings(session, permit.occupation_id))
    now = datetime.now(UTC)
    found = my_data(session, permit, findings, get_town(session, permit.town), as_of=now)
    found |= _kept_beside(request, session, permit, now)
    return Response(
        orjson.dumps(found, option=orjson.OPT_INDENT_2),
        media_type="application/json",
        headers={**PRIVATE, "Content-Disposition": f'attachment; filename="{permit.key}.json"'},
    )


def _kept_beside(request: Request, session: Session, permit: Permit, now: datetime) -> dict[str, Any]:
    """Papers, notices, the fee notice and the messages to the applicant, as row-level security shows them."""
    papers = documents_of(request, session, permit)
    taken_out = [one for one in list_documents(session, permit.permit_id) if one.removed_at is not None]
    notice = find_notice(session, permit.permit_id, as_of=now)
    entries = list_entries(session, permit.permit_id)
    return {
        "documents": papers["documents"],
        "documents_taken_out": [
            {**document_of(one, permit), "address": None, "removed_at": instant(one.removed_at)}
            for one in taken_out
        ],
        "notices": papers["notices"],
        "fee_notice": None
        if notice is None
        else notice_document(notice, entries, permit.key, with_names=False),
        "messages": [message_document(one) for one in list_messages_about(session, permit.permit_id)],
    }
