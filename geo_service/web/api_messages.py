"""The e-mails of a case in the case API, for the desk of its town."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from geo_service.messages.outbox import Message, list_messages_about, resend
from geo_service.messages.wording import LINK
from geo_service.permits.notes import require_clerk
from geo_service.permits.permit import get_permit
from geo_service.permits.permit_document import instant
from geo_service.web.api_permits import PRIVATE, sent_token
from geo_service.web.scope import CurrentCaller, PublicSession

router = APIRouter(prefix="/api/v1", tags=["messages"])


@router.get("/permits/{reference}/messages")
def get_messages(reference: str, request: Request, session: PublicSession, caller: CurrentCaller) -> Response:
    """What was written to the applicant and to offices about a case, and whether it was sent."""
    permit = get_permit(session, reference, caller=caller, token=sent_token(request))
    require_clerk(permit)
    return messages_answer(session, permit.permit_id)


@router.post("/permits/{reference}/messages/{message_id}/resend")
def post_resend(
    reference: str, message_id: UUID, request: Request, session: PublicSession, caller: CurrentCaller
) -> Response:
    """Send a message once more; 409 while it is on its way."""
    permit = get_permit(session, reference, caller=caller, token=sent_token(request))
    require_clerk(permit)
    resend(session, permit.town, permit.permit_id, message_id)
    return messages_answer(session, permit.permit_id)


def messages_answer(session: Session, about: UUID) -> Response:
    """The messages about a case or something that a desk keeps (its id), as JSON."""
    document = {"messages": [message_document(message) for message in list_messages_about(session, about)]}
    return Response(orjson.dumps(document), media_type="application/json", headers=PRIVATE)


def message_document(message: Message) -> dict[str, Any]:
    """A message as JSON, without the token of its link."""
    return {
        "id": str(message.message_id),
        "kind": message.kind,
        "language": message.language,
        "recipient": message.recipient,
        "subject": message.subject,
        "text": message.body.replace(LINK, "[…]"),
        "state": message.state,
        "attempts": message.attempt,
        "fault": message.fault,
        "posted_at": instant(message.posted_at),
        "next_try_at": instant(message.next_try_at),
        "changed_at": instant(message.changed_at),
    }
