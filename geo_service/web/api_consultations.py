"""Notes and consultations of a case in the case API, and `/consultations/{id}` for who is asked."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Request, Response

from geo_service.errors import FieldFault, Invalid
from geo_service.identity.caller import Caller
from geo_service.permits.consultations import (
    answer_consultation,
    consult,
    get_consultation,
    list_consultations,
)
from geo_service.permits.notes import add_note, list_notes, require_clerk
from geo_service.permits.permit import get_permit
from geo_service.web.api_permits import PRIVATE, sent_token
from geo_service.web.consultation_body import (
    AnswerBody,
    ConsultationBody,
    NoteBody,
    consultation_document,
    note_document,
)
from geo_service.web.idempotency import Once
from geo_service.web.limits import LimitChecks
from geo_service.web.scope import CurrentCaller, PublicSession

router = APIRouter(prefix="/api/v1", tags=["permits"])


def _json(document: Any, status: int = 200) -> Response:
    return Response(
        orjson.dumps(document), status_code=status, media_type="application/json", headers=PRIVATE
    )


@router.get("/permits/{reference}/notes")
def get_notes(reference: str, request: Request, session: PublicSession, caller: CurrentCaller) -> Response:
    """The internal notes on a case; for clerks of its town."""
    permit = get_permit(session, reference, caller=caller, token=sent_token(request))
    require_clerk(permit)
    return _json({"notes": [note_document(note) for note in list_notes(session, permit.permit_id)]})


@router.post("/permits/{reference}/notes", status_code=201)
def post_note(
    reference: str,
    body: NoteBody,
    request: Request,
    session: PublicSession,
    caller: CurrentCaller,
    once: Once,
) -> Response:
    """Write an internal note; nobody but the desk of the town reads it."""
    if kept := once.find_answer(session, caller):
        return kept
    permit = get_permit(session, reference, caller=caller, token=sent_token(request))
    note = add_note(session, permit, body.text, by=caller, as_of=datetime.now(UTC))
    return once.keep(session, caller, _json(note_document(note), 201))


@router.get("/permits/{reference}/consultations")
def get_consultations(
    reference: str, request: Request, session: PublicSession, caller: CurrentCaller
) -> Response:
    """Who was asked about a case and what they answered; for clerks of its town."""
    permit = get_permit(session, reference, caller=caller, token=sent_token(request))
    require_clerk(permit)
    found = list_consultations(session, permit.permit_id)
    return _json({"consultations": [consultation_document(each) for each in found]})


@router.post("/permits/{reference}/consultations", status_code=201)
def post_consultation(
    reference: str,
    body: ConsultationBody,
    request: Request,
    session: PublicSession,
    caller: CurrentCaller,
    once: Once,
) -> Response:
    """Ask another office or a neighbour town; `address` is the link under which it answers."""
    if kept := once.find_answer(session, caller):
        return kept
    permit = get_permit(session, reference, caller=caller, token=sent_token(request), lock=True)
    asked = consult(session, permit, body.to_question(), caller=caller, as_of=datetime.now(UTC))
    return once.keep(session, caller, _json(consultation_document(asked), 201))


@router.get("/consultations/{consultation_id}")
def get_one_consultation(
    consultation_id: UUID, request: Request, session: PublicSession, _: CurrentCaller
) -> Response:
    """The question and the case as it was when asked, without the applicant."""
    return _json(consultation_document(get_consultation(session, consultation_id, token=sent_token(request))))


@router.post("/consultations/{consultation_id}/answer")
def post_answer(
    consultation_id: UUID,
    body: AnswerBody,
    request: Request,
    session: PublicSession,
    caller: CurrentCaller,
    _: LimitChecks,
) -> Response:
    """Answer, once; with the last answer the review of the case goes on."""
    found = get_consultation(session, consultation_id, token=sent_token(request))
    answered = answer_consultation(
        session, found, body.verdict, body.answer, by_name=who_answers(caller, body.name),
        as_of=datetime.now(UTC),
    )  # fmt: skip
    return _json(consultation_document(answered))


def who_answers(caller: Caller, name: str | None) -> str:
    """The name that stands under an answer. Raises Invalid where a link came without one."""
    if name:
        return name
    if caller.at_desk:
        return caller.name
    detail = "Who answers? A name is needed."
    raise Invalid(detail, errors=[FieldFault("/name", detail)])
