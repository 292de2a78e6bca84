"""Security headers on every answer: the content policy with a nonce per answer, no foreign host anywhere."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable

from fastapi import Request
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# A town's own website, which may embed its public map: scheme and host only.
# Read by scripts of any origin, refusals too; without credentials, as * does not allow any.
_OPEN = ("/ogc", "/api/v1/changes")
_ORIGIN = re.compile(r"https://[a-z0-9*]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?")


def content_policy(nonce: str, frame_ancestors: Iterable[str] = ()) -> str:
    """The policy of one page. frame_ancestors: origins as https://www.example.org; others are dropped."""
    ancestors = " ".join(origin for origin in frame_ancestors if _ORIGIN.fullmatch(origin)) or "'none'"
    return (
        f"default-src 'self'; script-src 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; "
        f"img-src 'self' data:; connect-src 'self'; "
        f"object-src 'none'; base-uri 'none'; frame-ancestors {ancestors}"
    )


def nonce_of(request: Request) -> str:
    """The nonce of the answer to this request."""
    return str(request.state.nonce)


class SecurityHeaders:
    """Adds the headers; pages may set `request.state.frame_ancestors` and `request.state.referrer_policy`."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        state["nonce"] = secrets.token_urlsafe(18)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if scope["path"].removeprefix(scope.get("root_path", "")).startswith(_OPEN):
                    headers.setdefault("Access-Control-Allow-Origin", "*")
                headers.setdefault("X-Content-Type-Options", "nosniff")
                headers.setdefault("Referrer-Policy", state.get("referrer_policy", "same-origin"))
                headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=(self)")
                if headers.get("content-type", "").startswith("text/html"):
                    ancestors = state.get("frame_ancestors", ())
                    headers.setdefault("Content-Security-Policy", content_policy(state["nonce"], ancestors))
                    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
            await send(message)

        await self.app(scope, receive, send_with_headers)
