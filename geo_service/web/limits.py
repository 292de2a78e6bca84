"""What one client may send: a size for every body, a rate for everything the public may do without a key."""

from __future__ import annotations

import ipaddress
import math
import re
import threading
import time
from functools import lru_cache
from typing import Annotated

from fastapi import Depends, Request
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from geo_service.documents.inspect_upload import MAX_FILE_BYTES, FileTooLarge
from geo_service.errors import SetupError, TooLarge, TooMany
from geo_service.identity.sign_in import demo_sign_in_offered
from geo_service.settings import Settings
from geo_service.web.language import language_of
from geo_service.web.problems import problem_answer
from geo_service.web.scope import CurrentCaller

MAX_BODY_BYTES = 1_000_000
# A file with the lines of its form around it; the file itself is measured by documents/inspect_upload.py.
MAX_UPLOAD_BYTES = MAX_FILE_BYTES + 100_000
_UPLOAD = re.compile(r".*/(permits|cases)/[^/]+/documents")


class BodyLimit:
    """Reads a body up to the limit before anybody parses it; the rest of a larger one is never read."""

    def __init__(self, app: ASGIApp, max_bytes: int = MAX_BODY_BYTES) -> None:
        self.app = app
        self.max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "OPTIONS"):
            await self.app(scope, receive, send)
            return
        most = MAX_UPLOAD_BYTES if _UPLOAD.fullmatch(scope["path"]) else self.max_bytes
        body = await self._read(scope, receive, most)
        if body is None:
            closing = {"Connection": "close"}
            error = (
                FileTooLarge(headers=closing)
                if most == MAX_UPLOAD_BYTES
                else TooLarge(f"The body is larger than {most // 1000} kB.", headers=closing)
            )
            await problem_answer(error, language_of(Request(scope)))(scope, receive, send)
            return
        # A form is read as a stream, after which nobody could ask for the whole again (idempotency.py does).
        scope.setdefault("state", {})["body"] = body
        left = [body]

        async def replay() -> Message:
            if left:
                return {"type": "http.request", "body": left.pop(), "more_body": False}
            return await receive()

        await self.app(scope, replay, send)

    async def _read(self, scope: Scope, receive: Receive, most: int) -> bytes | None:
        """The whole body, or None when it is too large (told by Content-Length or found while reading)."""
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > most:
            return None
        parts, size, more = [], 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                break
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            if size > most:
                return None
            more = message.get("more_body", False)
        return b"".join(parts)


class _Counts(MemoryStorage):
    """The library's storage, but once a second is often enough to throw away what has expired.

    It would do so in a new thread a hundred times a second: 8 % of the time a conflict check takes.
    """

    @property
    def timer(self) -> threading.Timer:
        """The next time; the storage makes another one when it is over."""
        return self._timer

    @timer.setter
    def timer(self, timer: threading.Timer) -> None:
        timer.interval, timer.daemon = 1.0, True
        self._timer = timer


class Rates:
    """Counts by client address, in this process: with several workers each counts for itself."""

    def __init__(self, settings: Settings) -> None:
        self.limiter = MovingWindowRateLimiter(_Counts())
        self.checks = _rate("GEO_SERVICE_RATE_CHECKS", settings.rate_checks)
        self.filings = _rate("GEO_SERVICE_RATE_FILINGS", settings.rate_filings)
        self.sign_ins = _rate("GEO_SERVICE_RATE_SIGN_INS", settings.rate_sign_ins)
        self.off = demo_sign_in_offered(settings)  # the demo on this machine
        self.proxies = _networks(settings.trusted_proxies)

    def count(self, kind: str, rate: RateLimitItem, client: str) -> None:
        """One more. Raises TooMany with Retry-After."""
        if self.off or self.limiter.hit(rate, kind, client):
            return
        wait_s = max(1, math.ceil(self.limiter.get_window_stats(rate, kind, client).reset_time - time.time()))
        raise TooMany(headers={"Retry-After": str(wait_s)})


def _rate(name: str, text: str) -> RateLimitItem:
    try:
        return parse(re.sub(r"/\s*min$", "/minute", text.strip()))
    except ValueError as error:
        raise SetupError(f"{name}: {text!r} is not a rate like 120/minute or 20/hour.") from error


def _networks(text: str) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    try:
        return [ipaddress.ip_network(part.strip(), strict=False) for part in text.split(",") if part.strip()]
    except ValueError as error:
        raise SetupError(f"GEO_SERVICE_TRUSTED_PROXIES: {error}.") from error


def client_address(request: Request, proxies: list[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> str:
    """Who asks: the peer, or what trusted proxies say of it, read from the right. IPv6 counts by /64."""
    hops = [hop.strip() for hop in request.headers.get("x-forwarded-for", "").split(",") if hop.strip()]
    address = request.client.host if request.client else "unknown"
    while hops and _is_trusted(address, proxies):
        address = hops.pop()
    return _counted_as(address)


@lru_cache(maxsize=1024)
def _counted_as(address: str) -> str:
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    return str(ip) if ip.version == 4 else str(ipaddress.ip_network((ip, 64), strict=False))


def _is_trusted(address: str, proxies: list[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> bool:
    try:
        return any(ipaddress.ip_address(address) in network for network in proxies)
    except ValueError:
        return False


def limit_checks(request: Request, caller: CurrentCaller) -> None:
    """For what costs little and may be repeated: checks, steps with a token. Keys are exempt."""
    rates: Rates = request.app.state.rates
    if caller.role == "public":
        rates.count("checks", rates.checks, client_address(request, rates.proxies))


def limit_filings(request: Request, caller: CurrentCaller) -> None:
    """For filing. Keys are exempt."""
    rates: Rates = request.app.state.rates
    if caller.role == "public":
        rates.count("filings", rates.filings, client_address(request, rates.proxies))


def limit_sign_ins(request: Request) -> None:
    """For every attempt to sign in, whoever asks: a key or code that is guessed comes from somebody."""
    rates: Rates = request.app.state.rates
    rates.count("sign-ins", rates.sign_ins, client_address(request, rates.proxies))


LimitSignIns = Annotated[None, Depends(limit_sign_ins)]
LimitChecks = Annotated[None, Depends(limit_checks)]
LimitFilings = Annotated[None, Depends(limit_filings)]
