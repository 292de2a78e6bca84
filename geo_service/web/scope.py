"""What a request carries: its caller, and one transaction that is committed before the answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy.orm import Session

from geo_service.db.database import speak_as
from geo_service.identity.caller import Caller
from geo_service.identity.sign_in import identify


def open_session(request: Request) -> Iterator[Session]:
    """One transaction as nobody in particular; commits at the end of the path operation."""
    with Session(request.app.state.engine) as session, session.begin():
        yield session


PublicSession = Annotated[Session, Depends(open_session, scope="function")]


def find_caller(request: Request, session: PublicSession) -> Caller:
    """Bearer key, else the sign-in cookie, else the public; and tell the database who speaks.

    Raises NotSignedIn for a key that is unknown, expired or revoked.
    """
    caller = identify(session, authorization=request.headers.get("authorization"), cookie=request.cookies.get("geo_service_sign_in"))
    speak_as(session, actor=caller.role, town=caller.town_for_rows())
    return caller


CurrentCaller = Annotated[Caller, Depends(find_caller, scope="function")]
