"""`/api/v1/permits/{reference}/documents`: what was added to a case, and the sheets that the town writes.

A file goes out as an attachment, with the type that we found in it; nothing of it runs in a browser.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, File, Form, Request, Response, UploadFile
from sqlalchemy.orm import Session

from geo_service.documents.file_name import attachment, inline
from geo_service.documents.file_store import FileStore
from geo_service.documents.inspect_upload import inspect_upload
from geo_service.documents.kept_documents import (
    Document,
    add_document,
    documents_left,
    get_document,
    list_documents,
    remove_document,
)
from geo_service.documents.notice import Notice, list_notices, make_notice, read_notice
from geo_service.documents.receipt import draw_plan_sheet, draw_receipt
from geo_service.identity.caller import Caller
from geo_service.permits.needed_papers import missing_papers
from geo_service.permits.permit import Permit, get_permit
from geo_service.permits.permit_document import instant
from geo_service.towns.town import get_town
from geo_service.web.api_permits import PRIVATE, sent_token
from geo_service.web.idempotency import Once
from geo_service.web.language import Language, language_of
from geo_service.web.limits import LimitChecks
from geo_service.web.scope import CurrentCaller, PublicSession

router = APIRouter(prefix="/api/v1/permits", tags=["permits"])

PDF = "application/pdf"
# Should a browser show a file after all, nothing in it may run or load.
_HARMLESS = {"Content-Security-Policy": "sandbox; default-src 'none'", "X-Content-Type-Options": "nosniff"}

Kind = Annotated[str, Form(max_length=40)]


@router.get("/{reference}/documents")
def get_documents(
    reference: str, request: Request, session: PublicSession, caller: CurrentCaller
) -> Response:
    """The papers of a case, the notices of the town, and which papers are missing."""
    permit = get_permit(session, reference, caller=caller, token=sent_token(request))
    return _json(documents_of(request, session, permit))


@router.post("/{reference}/documents", status_code=201)
def post_document(  # noqa: PLR0913, PLR0917 - one per part of the form
    reference: str,
    file: Annotated[UploadFile, File()],
    request: Request,
    session: PublicSession,
    caller: CurrentCaller,
    once: Once,
    _: LimitChecks,
    kind: Kind = "other",
) -> Response:
    """Add a PDF, PNG or JPEG of at most 10 MB; `kind` is a code of document_kind."""
    permit = get_permit(session, reference, caller=caller, token=sent_token(request))
    if kept := once.find_answer(session, caller):
        return kept
    document = add_upload(request, session, permit, file, kind, caller)
    return once.keep(session, caller, _json(document_of(document, permit), 201))


@router.get("/{reference}/documents/{document_id}")
def get_document_file(
    reference: str, document_id: UUID, request: Request, session: PublicSession, caller: CurrentCaller
) -> Response:
    """The file itself, as an attachment."""
    permit = get_permit(session, reference, caller=caller, token=sent_token(request))
    return file_answer(request, session, permit, document_id)


@router.delete("/{reference}/documents/{document_id}", status_code=204)
def delete_document(
    reference: str,
    document_id: UUID,
    request: Request,
    session: PublicSession,
    caller: CurrentCaller,
    _: LimitChecks,
) -> Response:
    """Take a paper out before the decision; that there was one stays in the record."""
    permit = get_permit(session, reference, caller=caller, token=sent_token(request))
    remove_document(session, permit, document_id, caller=caller, as_of=datetime.now(UTC))
    return Response(status_code=204, headers=PRIVATE)


@router.get("/{reference}/notices/{notice_id}")
def get_notice(
    reference: str, notice_id: UUID, request: Request, session: PublicSession, caller: CurrentCaller
) -> Response:
    """A notice of the town as a PDF: the same bytes for ever."""
    permit = get_permit(session, reference, caller=caller, token=sent_token(request))
    return notice_answer(request, session, permit, notice_id)


@router.get("/{reference}/receipt.pdf")
def get_receipt(
    reference: str, request: Request, session: PublicSession, caller: CurrentCaller, _: LimitChecks
) -> Response:
    """That the request was received, as a PDF."""
    permit = get_permit(session, reference, caller=caller, token=sent_token(request))
    return receipt_answer(request, session, permit)


@router.get("/{reference}/site-plan.pdf")
def get_site_plan(
    reference: str, request: Request, session: PublicSession, caller: CurrentCaller, _: LimitChecks
) -> Response:
    """The area among its streets, drawn to scale, as a PDF."""
    permit = get_permit(session, reference, caller=caller, token=sent_token(request))
    return plan_answer(request, session, permit)


def add_upload(
    request: Request, session: Session, permit: Permit, file: UploadFile, kind: str, caller: Caller
) -> Document:
    """Look at a sent file and keep it."""
    content = file.file.read()
    paper = inspect_upload(content, name=file.filename or "", declared=file.content_type or "")
    return add_document(session, _files(request), permit, paper, kind, caller=caller, as_of=datetime.now(UTC))


def file_answer(request: Request, session: Session, permit: Permit, document_id: UUID) -> Response:
    """The file of a paper."""
    document = get_document(session, permit, document_id)
    content = _files(request).read(document.document_id, document.sha256)
    headers = {"Content-Disposition": attachment(document.name), **_HARMLESS, **PRIVATE}
    return Response(content, media_type=document.media_type, headers=headers)


def notice_answer(request: Request, session: Session, permit: Permit, notice_id: UUID) -> Response:
    """The sheet of a notice."""
    notice, content = read_notice(
        session, _files(request), permit, notice_id, address=_address(request), now=datetime.now(UTC)
    )
    return _sheet(content, notice.name)


def receipt_answer(request: Request, session: Session, permit: Permit) -> Response:
    """The receipt of a request, in the language of its reader if they say so, else of the case."""
    language = sheet_language(request, permit)
    town = get_town(session, permit.town)
    content = draw_receipt(session, permit, town, language=language, address=_address(request))
    return _sheet(
        content, f"{permit.reference} {'Receipt' if language == 'en' else 'Eingangsbestätigung'}.pdf"
    )


def plan_answer(request: Request, session: Session, permit: Permit) -> Response:
    """The site plan of a case."""
    language = sheet_language(request, permit)
    content = draw_plan_sheet(session, permit, get_town(session, permit.town), language=language)
    return _sheet(content, f"{permit.key} {'Site plan' if language == 'en' else 'Lageplan'}.pdf")


def sheet_language(request: Request, permit: Permit) -> Language:
    """`?lang=`, else the language that the case was asked for in."""
    if request.query_params.get("lang") in ("de", "en"):
        return language_of(request)
    return "en" if permit.use.language == "en" else "de"


def documents_of(request: Request, session: Session, permit: Permit) -> dict[str, Any]:
    """All papers of a case as JSON. Notices that were not drawn yet are drawn now: each has its checksum."""
    now = datetime.now(UTC)
    notices = [
        make_notice(session, _files(request), one.notice_id, address=_address(request), now=now)
        for one in list_notices(session, permit.permit_id)
    ]
    return {
        "documents": [
            document_of(one, permit) for one in documents_left(list_documents(session, permit.permit_id))
        ],
        "notices": [_notice_of(one, permit) for one in notices if one is not None],
        "missing": missing_papers(session, permit),
    }


def document_of(document: Document, permit: Permit) -> dict[str, Any]:
    """One paper as JSON; the applicant learns which office added it, not which person."""
    return {
        "id": str(document.document_id),
        "kind": document.kind,
        "name": document.name,
        "media_type": document.media_type,
        "size": document.size_bytes,
        "sha256": document.sha256.hex(),
        "added_at": instant(document.added_at),
        "added_by": document.added_by if "clerk" in permit.parties else document.added_by_role,
        "address": f"/api/v1/permits/{permit.key}/documents/{document.document_id}",
    }


def _notice_of(notice: Notice, permit: Permit) -> dict[str, Any]:
    return {
        "id": str(notice.notice_id),
        "decision": notice.decision,
        "decided_at": instant(notice.decided_at),
        "media_type": PDF,
        "size": notice.size_bytes,
        "sha256": None if notice.sha256 is None else notice.sha256.hex(),
        "address": f"/api/v1/permits/{permit.key}/notices/{notice.notice_id}",
    }


def _json(document: Any, status: int = 200) -> Response:
    return Response(
        orjson.dumps(document), status_code=status, media_type="application/json", headers=PRIVATE
    )


def _sheet(content: bytes, name: str) -> Response:
    return Response(content, media_type=PDF, headers={"Content-Disposition": inline(name), **PRIVATE})


def _files(request: Request) -> FileStore:
    store: FileStore = request.app.state.files
    return store


def _address(request: Request) -> str:
    return str(request.app.state.settings.address())
