"""Signing in and out at a desk: `POST /sign-in`, `POST /sign-out`; the page with the form is the desk's own.

Form fields: `key`, or `demo` = clerk|supervisor|admin with `town` (AGS); `next` = a path of this service.
"""

from __future__ import annotations

from typing import Annotated, cast
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse

from geo_service.errors import Forbidden, NotSignedIn
from geo_service.identity.caller import Role
from geo_service.identity.sign_in import sign_in_for_demo, sign_in_with_key, sign_out
from geo_service.web.scope import CurrentCaller, PublicSession
from geo_service.web.sign_in_cookie import delete_sign_in_cookie, set_sign_in_cookie, sign_in_cookie

router = APIRouter(include_in_schema=False)


def own_path(path: str) -> str:
    """`path` if it leads to this very service, else the start page: nobody is sent elsewhere."""
    parts = urlsplit(path)
    ours = (
        path.startswith("/") and not path.startswith(("//", "/\\")) and not parts.scheme and not parts.netloc
    )
    return path if ours and "\\" not in path and path.isprintable() else "/"


def refuse_other_site(request: Request) -> None:
    """Forbidden if a page of another site sent this form: it could sign somebody in as somebody else."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Forbidden("This form must be sent from this service's own page.")


@router.post("/sign-in")
def post_sign_in(
    request: Request,
    session: PublicSession,
    key: Annotated[str, Form(max_length=200)] = "",
    demo: Annotated[str, Form(max_length=20)] = "",
    town: Annotated[str, Form(max_length=40)] = "",
    next: Annotated[str, Form(max_length=2000)] = "/",
) -> RedirectResponse:
    """Begin a sign-in and go on to `next`."""
    refuse_other_site(request)
    if demo:
        begun = sign_in_for_demo(session, request.app.state.settings, town=town, role=cast(Role, demo))
    elif key:
        begun = sign_in_with_key(session, key)
    else:
        raise NotSignedIn("Enter your key.")
    answer = RedirectResponse(own_path(next), status_code=303)
    set_sign_in_cookie(request, answer, begun.token)
    return answer


@router.post("/sign-out")
def post_sign_out(
    request: Request,
    session: PublicSession,
    caller: CurrentCaller,
    next: Annotated[str, Form(max_length=2000)] = "/",
) -> RedirectResponse:
    """End the sign-in, here and in the database."""
    if caller.signed_in:
        sign_out(session, sign_in_cookie(request) or "")
    answer = RedirectResponse(own_path(next), status_code=303)
    delete_sign_in_cookie(request, answer)
    return answer
