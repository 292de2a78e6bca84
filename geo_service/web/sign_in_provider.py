"""Signing in with the account at the town: `/sign-in/provider` leads there, `/sign-in/callback` back.

No transaction is open while the provider is asked: it may take its time, a connection of the pool may not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from geo_service.errors import NotFound
from geo_service.identity.attempt import begin_attempt
from geo_service.identity.provider import SignInRefused
from geo_service.identity.sign_in import sign_in_person, sign_out
from geo_service.ogc.addresses import base_of
from geo_service.web.language import language_of
from geo_service.web.limits import LimitSignIns
from geo_service.web.sign_in import on_here, own_path, refuse_open_line, refuse_other_site
from geo_service.web.sign_in_cookie import (
    attempt_cookie,
    delete_attempt_cookie,
    set_attempt_cookie,
    set_sign_in_cookie,
    sign_in_cookie,
)

if TYPE_CHECKING:
    from geo_service.identity.oidc import OpenIdProvider

router = APIRouter(include_in_schema=False)


@router.post("/sign-in/provider")
def begin(
    request: Request,
    _: LimitSignIns,
    town: Annotated[str, Form(max_length=40)],
    next: Annotated[str, Form(max_length=500)] = "/",
) -> Response:
    """Send the browser to the provider; a cookie says what it has begun."""
    refuse_other_site(request)
    refuse_open_line(request)
    attempt = begin_attempt(town, own_path(next))
    address = _provider(request).address_to_sign_in(
        attempt, back_to=_callback(request), language=language_of(request)
    )
    answer = RedirectResponse(address, status_code=303, headers={"Cache-Control": "no-store"})
    set_attempt_cookie(request, answer, attempt)
    return answer


@router.get("/sign-in/callback")
def finish(
    request: Request,
    _: LimitSignIns,
    state: Annotated[str, Query(max_length=200)] = "",
    code: Annotated[str, Query(max_length=2000)] = "",
    iss: Annotated[str | None, Query(max_length=500)] = None,
    error: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """The browser is back with a code: begin its sign-in, end the one it had before, go on."""
    request.state.referrer_policy = "no-referrer"
    attempt = attempt_cookie(request)
    if attempt is None or not attempt.is_state(state):
        raise SignInRefused()
    if error or not code:
        raise SignInRefused("The sign-in was broken off; begin it again.")
    person = _provider(request).redeem(attempt, code=code, iss=iss, back_to=_callback(request))
    with Session(request.app.state.engine) as session, session.begin():
        begun = sign_in_person(session, person, town=attempt.town)
        if before := sign_in_cookie(request):
            sign_out(session, before)
    answer = RedirectResponse(
        on_here(request, attempt.next),
        status_code=303,
        headers={"Cache-Control": "no-store"},
    )
    delete_attempt_cookie(request, answer)
    set_sign_in_cookie(request, answer, begun.token)
    return answer


def _provider(request: Request) -> OpenIdProvider:
    provider: OpenIdProvider | None = request.app.state.provider
    if provider is None:
        raise NotFound("This service has no sign-in by an account at the town.")
    return provider


def _callback(request: Request) -> str:
    return f"{base_of(request)}/sign-in/callback"
