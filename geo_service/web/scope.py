"""What a request carries: its caller, and one transaction that is committed before the answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy.orm import Session
from starlette.datastructures import UploadFile

from geo_service.db.database import speak_as
from geo_service.errors import Forbidden
from geo_service.identity.caller import Caller
from geo_service.identity.secrets import is_csrf_token
from geo_service.identity.sign_in import identify
from geo_service.web.sign_in_cookie import sign_in_cookie

_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


def open_session(request: Request) -> Iterator[Session]:
    """One transaction as nobody in particular; commits at the end of the path operation."""
    with Session(request.app.state.engine) as session, session.begin():
        yield session


PublicSession = Annotated[Session, Depends(open_session, scope="function")]


async def sent_csrf_token(request: Request) -> str | None:
    """Header `X-CSRF-Token`, else the field `csrf_token` of a form."""
    if header := request.headers.get("x-csrf-token"):
        return header
    if request.method not in _READING and request.headers.get("content-type", "").startswith(_FORMS):
        field = (await request.form()).get("csrf_token")
        return None if isinstance(field, UploadFile) else field
    return None


def read_caller(request: Request, session: Session, csrf: str | None) -> Caller:
    """Bearer key, else the sign-in cookie, else the public.

    Raises NotSignedIn for a key that is unknown, expired or revoked, and Forbidden when a browser writes
    with its cookie alone: another site could have made it do so.
    """
    cookie = sign_in_cookie(request)
    caller = identify(session, authorization=request.headers.get("authorization"), cookie=cookie)
    if caller.signed_in and request.method not in _READING and not is_csrf_token(csrf, cookie or ""):
        raise Forbidden("The form is too old or did not come from this page; load it again and repeat.")
    return caller


def find_caller(
    request: Request, session: PublicSession, csrf: Annotated[str | None, Depends(sent_csrf_token)]
) -> Caller:
    """The caller of `read_caller`; and tell the database who speaks in this transaction."""
    caller = read_caller(request, session, csrf)
    speak_as(session, actor=caller.role, town=caller.town_for_rows())
    return caller


CurrentCaller = Annotated[Caller, Depends(find_caller, scope="function")]
