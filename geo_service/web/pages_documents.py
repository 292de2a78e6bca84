"""Papers on the pages of a case and at the desk; `/towns/{slug}/forms`: blank forms to print."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, Form, Request, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from geo_service.documents.file_name import inline
from geo_service.documents.kept_documents import remove_document
from geo_service.documents.receipt import draw_form
from geo_service.errors import GeoServiceError, Invalid, Rejected, TooLarge
from geo_service.identity.caller import require_desk
from geo_service.occupations.use_types import use_types
from geo_service.permits.permit import get_permit
from geo_service.towns.town import get_town
from geo_service.web.api_documents import (
    PDF,
    add_upload,
    file_answer,
    notice_answer,
    plan_answer,
    receipt_answer,
)
from geo_service.web.desk_answers import back_to_case
from geo_service.web.language import language_of
from geo_service.web.limits import LimitChecks
from geo_service.web.page import page
from geo_service.web.pages_case import case_path, follow
from geo_service.web.pages_desk import desk_case
from geo_service.web.scope import CurrentCaller, PublicSession
from geo_service.web.sign_in import refuse_other_site
from geo_service.web.token_cookie import CASE_COOKIE, path_here

router = APIRouter(include_in_schema=False)

Kind = Annotated[str, Form(max_length=40)]


@router.get("/permits/{reference}/documents/{document_id}")
def file_of_case(
    reference: str, document_id: UUID, request: Request, session: PublicSession, caller: CurrentCaller
) -> Response:
    """A paper as an attachment, for the applicant by the cookie of the case or a clerk who is signed in."""
    request.state.referrer_policy = "no-referrer"
    permit = get_permit(session, reference, caller=caller, token=request.cookies.get(CASE_COOKIE))
    return file_answer(request, session, permit, document_id)


@router.get("/permits/{reference}/notices/{notice_id}")
def notice_of_case(
    reference: str, notice_id: UUID, request: Request, session: PublicSession, caller: CurrentCaller
) -> Response:
    """A notice."""
    permit = get_permit(session, reference, caller=caller, token=request.cookies.get(CASE_COOKIE))
    return notice_answer(request, session, permit, notice_id)


@router.get("/permits/{reference}/receipt.pdf")
def receipt_of_case(
    reference: str, request: Request, session: PublicSession, caller: CurrentCaller, _: LimitChecks
) -> Response:
    """The receipt."""
    permit = get_permit(session, reference, caller=caller, token=request.cookies.get(CASE_COOKIE))
    return receipt_answer(request, session, permit)


@router.get("/permits/{reference}/site-plan.pdf")
def plan_of_case(
    reference: str, request: Request, session: PublicSession, caller: CurrentCaller, _: LimitChecks
) -> Response:
    """The site plan."""
    permit = get_permit(session, reference, caller=caller, token=request.cookies.get(CASE_COOKIE))
    return plan_answer(request, session, permit)


@router.post("/permits/{reference}/documents")
def add_to_case(
    reference: str,
    file: Annotated[UploadFile, File()],
    request: Request,
    session: PublicSession,
    caller: CurrentCaller,
    _: LimitChecks,
    kind: Kind = "other",
) -> Response:
    """The applicant adds a paper."""
    request.state.referrer_policy = "no-referrer"
    refuse_other_site(request)
    permit = get_permit(session, reference, caller=caller, token=request.cookies.get(CASE_COOKIE))
    try:
        add_upload(request, session, permit, file, kind, caller)
    except (Invalid, Rejected, TooLarge) as refusal:
        request.state.upload_refusal = refusal
        return _refused(follow(reference, request, session, caller), refusal)
    return RedirectResponse(f"{path_here(request, case_path(reference))}#documents", status_code=303)


@router.post("/permits/{reference}/documents/{document_id}/removal")
def remove_from_case(
    reference: str, document_id: UUID, request: Request, session: PublicSession, caller: CurrentCaller
) -> Response:
    """The applicant takes a paper out."""
    request.state.referrer_policy = "no-referrer"
    refuse_other_site(request)
    permit = get_permit(session, reference, caller=caller, token=request.cookies.get(CASE_COOKIE))
    remove_document(session, permit, document_id, caller=caller, as_of=datetime.now(UTC))
    return RedirectResponse(f"{path_here(request, case_path(reference))}#documents", status_code=303)


@router.post("/towns/{slug}/desk/cases/{reference}/documents")
def add_at_desk(  # noqa: PLR0913, PLR0917 - one per field of the form
    slug: str,
    reference: str,
    file: Annotated[UploadFile, File()],
    request: Request,
    session: PublicSession,
    caller: CurrentCaller,
    kind: Kind = "other",
) -> Response:
    """A clerk adds a paper."""
    town = get_town(session, slug)
    require_desk(caller, town.ags)
    permit = get_permit(session, reference, caller=caller)
    try:
        add_upload(request, session, permit, file, kind, caller)
    except (Invalid, Rejected, TooLarge) as refusal:
        request.state.upload_refusal = refusal
        return _refused(desk_case(slug, reference, request, session, caller), refusal)
    return back_to_case(request, town, reference)


@router.post("/towns/{slug}/desk/cases/{reference}/documents/{document_id}/removal")
def remove_at_desk(
    slug: str,
    reference: str,
    document_id: UUID,
    request: Request,
    session: PublicSession,
    caller: CurrentCaller,
) -> Response:
    """A clerk takes a paper of the desk out."""
    town = get_town(session, slug)
    require_desk(caller, town.ags)
    permit = get_permit(session, reference, caller=caller)
    remove_document(session, permit, document_id, caller=caller, as_of=datetime.now(UTC))
    return back_to_case(request, town, reference)


def _refused(shown: Response, refusal: GeoServiceError) -> Response:
    """The page of the case, which says why; nothing has been stored."""
    shown.status_code = refusal.status
    return shown


@router.get("/towns/{slug}/forms")
def forms(slug: str, request: Request, session: PublicSession) -> HTMLResponse:
    """The blank forms of a town, one for each use."""
    return page(request, "forms.html", town=get_town(session, slug), uses=list(use_types().values()))


@router.get("/towns/{slug}/forms/{use_type}.pdf")
def form(slug: str, use_type: str, request: Request, session: PublicSession, _: LimitChecks) -> Response:
    """One of them."""
    town, language = get_town(session, slug), language_of(request)
    content = draw_form(town, use_type, language=language, address=request.app.state.settings.address())
    name = f"{town.name} {'Request' if language == 'en' else 'Antrag'} {use_type}.pdf"
    headers = {"Content-Disposition": inline(name), "Vary": "Accept-Language", "Cache-Control": "max-age=600"}
    return Response(content, media_type=PDF, headers=headers)
