"""The cookies of a browser that signs in: HttpOnly, SameSite=Lax, for this host and every path.

Over https they carry the `__Host-` name, which browsers take from this very host only. Over plain http they
are kept from travelling (Secure), unless the service runs on this machine: no sign-in over an open line.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from fastapi import Request, Response

from geo_service.identity.attempt import ATTEMPT_SECONDS, Attempt, attempt_in_cookie
from geo_service.identity.loopback import is_loopback
from geo_service.identity.sign_in import SIGN_IN_SECONDS
from geo_service.ogc.addresses import base_of

_SIGN_IN = "geo_service_sign_in"
_ATTEMPT = "geo_service_sign_in_attempt"


def _is_https(request: Request) -> bool:
    return base_of(request).startswith("https:")  # as links are made, also behind a trusted proxy


def _named(request: Request, name: str) -> str:
    return f"__Host-{name}" if _is_https(request) else name


def line_is_safe(request: Request) -> bool:
    """True over https, and on this machine: what travels is read by nobody on the way."""
    return _is_https(request) or is_loopback(urlsplit(base_of(request)).hostname or "")


def sign_in_cookie(request: Request) -> str | None:
    """The sign-in token this browser sent, if any; on https only the name nobody else can set."""
    if "cookie" not in request.headers:  # as in most of what is asked: the address is not taken apart then
        return None
    return request.cookies.get(_named(request, _SIGN_IN))


def set_sign_in_cookie(request: Request, response: Response, token: str) -> None:
    """Give the browser its sign-in."""
    _set(request, response, _SIGN_IN, token, SIGN_IN_SECONDS)


def delete_sign_in_cookie(request: Request, response: Response) -> None:
    """Take the sign-in away from the browser."""
    _set(request, response, _SIGN_IN, "", 0)


def attempt_cookie(request: Request) -> Attempt | None:
    """The attempt to sign in that this browser has begun, if any."""
    return attempt_in_cookie(request.cookies.get(_named(request, _ATTEMPT)))


def set_attempt_cookie(request: Request, response: Response, attempt: Attempt) -> None:
    """Have the browser remember what it has begun."""
    _set(request, response, _ATTEMPT, attempt.in_cookie(), ATTEMPT_SECONDS)


def delete_attempt_cookie(request: Request, response: Response) -> None:
    """An attempt is good for one answer."""
    _set(request, response, _ATTEMPT, "", 0)


def _set(request: Request, response: Response, name: str, value: str, seconds: int) -> None:
    response.set_cookie(
        _named(request, name),
        value,
        max_age=seconds,
        path="/",
        secure=_is_https(request) or not line_is_safe(request),
        httponly=True,
        samesite="lax",
    )
