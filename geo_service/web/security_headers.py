"""Security headers on every answer: the content policy with a nonce per answer, no foreign host anywhere."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from typing import Any

from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

State = MutableMapping[str, Any]
# Read by scripts of any origin, refusals too; without credentials, as * does not allow any.
_OPEN = ("/ogc", "/api/v1/changes")
_ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=(self)"),
)
# A town's own website, which may embed its public map: scheme and host only.
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
                there = dict(message["headers"])
                missing = [one for one in self._headers(scope, state, there) if one[0] not in there]
                message["headers"] = [*message["headers"], *missing]
            await send(message)

        await self.app(scope, receive, send_with_headers)

    def _headers(
        self, scope: Scope, state: State, there: Mapping[bytes, bytes]
    ) -> Iterator[tuple[bytes, bytes]]:
        """What an answer gets where it does not say so itself. there: its own headers."""
        yield from _ALWAYS
        yield b"referrer-policy", state.get("referrer_policy", "same-origin").encode()
        is_open = scope["path"].removeprefix(scope.get("root_path", "")).startswith(_OPEN)
        if is_open and "key_id" not in state:  # set for what a key alone may read (ogc/with_key.py)
            yield b"access-control-allow-origin", b"*"
        if there.get(b"content-type", b"").startswith(b"text/html"):
            policy = content_policy(state["nonce"], state.get("frame_ancestors", ()))
            yield b"content-security-policy", policy.encode()
            yield b"cross-origin-opener-policy", b"same-origin"
