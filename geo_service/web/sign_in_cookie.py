"""The cookie of a signed-in browser: HttpOnly, SameSite=Lax, eight hours, bound to the host on https."""

from __future__ import annotations

from fastapi import Request, Response

from geo_service.identity.sign_in import SIGN_IN_SECONDS
from geo_service.ogc.addresses import base_of

_PLAIN = "geo_service_sign_in"
_SECURE = (
    "__Host-geo_service_sign_in"  # browsers take this name only over https, for this host and every path
)


def _is_secure(request: Request) -> bool:
    return base_of(request).startswith("https:")  # as links are made, also behind a trusted proxy


def sign_in_cookie(request: Request) -> str | None:
    """The sign-in token this browser sent, if any; on https only the name nobody else can set."""
    return request.cookies.get(_SECURE if _is_secure(request) else _PLAIN)


def set_sign_in_cookie(request: Request, response: Response, token: str) -> None:
    """Give the browser its sign-in."""
    secure = _is_secure(request)
    response.set_cookie(
        _SECURE if secure else _PLAIN,
        token,
        max_age=SIGN_IN_SECONDS,
        path="/",
        secure=secure,
        httponly=True,
        samesite="lax",
    )


def delete_sign_in_cookie(request: Request, response: Response) -> None:
    """Take the sign-in away from the browser."""
    secure = _is_secure(request)
    response.delete_cookie(
        _SECURE if secure else _PLAIN, path="/", secure=secure, httponly=True, samesite="lax"
    )
