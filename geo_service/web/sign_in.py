"""Signing in and out at a desk: `POST /sign-in`, `POST /sign-out`; the page with the form is the desk's own.

Form fields: `key`, or `demo` = clerk|supervisor|admin with `town` (AGS); `next` = a path of this service.
By the town's OpenID provider: sign_in_provider.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, cast
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse

from geo_service.errors import Forbidden, NotSignedIn
from geo_service.identity.caller import Role
from geo_service.identity.sign_in import sign_in_for_demo, sign_in_with_key, sign_out
from geo_service.ogc.addresses import base_of
from geo_service.web.limits import LimitSignIns
from geo_service.web.scope import CurrentCaller, PublicSession
from geo_service.web.sign_in_cookie import (
    delete_sign_in_cookie,
    line_is_safe,
    set_sign_in_cookie,
    sign_in_cookie,
)

if TYPE_CHECKING:
    from geo_service.identity.oidc import OpenIdProvider

router = APIRouter(include_in_schema=False)


def own_path(path: str) -> str:
    """`path` if it leads to this very service, else the start page: nobody is sent elsewhere."""
    parts = urlsplit(path)
    ours = (
        path.startswith("/") and not path.startswith(("//", "/\\")) and not parts.scheme and not parts.netloc
    )
    return path if ours and "\\" not in path and path.isprintable() else "/"


def on_here(request: Request, path: str) -> str:
    """`own_path` under the prefix of this service."""
    return f"{request.scope.get('root_path', '')}{own_path(path)}"


def refuse_other_site(request: Request) -> None:
    """Forbidden if a page of another site sent this form: it could sign somebody in as somebody else.

    Browsers that do not say `Sec-Fetch-Site` say `Origin`; what says neither is no browser.
    """
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if site is not None:
        foreign = site not in ("same-origin", "none")
    else:
        foreign = origin is not None and origin not in (_origin(base_of(request)), _origin(str(request.url)))
    if foreign:
        raise Forbidden("This form must be sent from this service's own page.")


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def refuse_open_line(request: Request) -> None:
    """Forbidden over plain http to another machine: whoever listens could use the sign-in."""
    if not line_is_safe(request):
        raise Forbidden("Signing in needs https; ask whoever runs this service for its https address.")


@router.post("/sign-in")
def post_sign_in(
    request: Request,
    session: PublicSession,
    _: LimitSignIns,
    key: Annotated[str, Form(max_length=200)] = "",
    demo: Annotated[str, Form(max_length=20)] = "",
    town: Annotated[str, Form(max_length=40)] = "",
    next: Annotated[str, Form(max_length=2000)] = "/",
) -> RedirectResponse:
    """Begin a sign-in and go on to `next`. It has a token of its own; what this browser had before ends."""
    refuse_other_site(request)
    refuse_open_line(request)
    if demo:
        begun = sign_in_for_demo(session, request.app.state.settings, town=town, role=cast(Role, demo))
    elif key:
        begun = sign_in_with_key(session, key)
    else:
        raise NotSignedIn("Enter your key.")
    if before := sign_in_cookie(request):
        sign_out(session, before)
    answer = RedirectResponse(on_here(request, next), status_code=303)
    set_sign_in_cookie(request, answer, begun.token)
    return answer


@router.post("/sign-out")
def post_sign_out(
    request: Request,
    session: PublicSession,
    caller: CurrentCaller,
    next: Annotated[str, Form(max_length=2000)] = "/",
) -> RedirectResponse:
    """End the sign-in, here and in the database; at the OpenID provider too, where it began there."""
    id_token = sign_out(session, sign_in_cookie(request) or "") if caller.signed_in else None
    provider: OpenIdProvider | None = request.app.state.provider
    there = None
    if provider is not None and id_token is not None:
        there = provider.address_to_sign_out(id_token, back_to=f"{base_of(request)}/")
    answer = RedirectResponse(there or on_here(request, next), status_code=303)
    delete_sign_in_cookie(request, answer)
    return answer
