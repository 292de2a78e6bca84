"""A number, one line and two measurements for every request. Nothing that a person typed is ever written.

A line has the route as a pattern, never the address that was asked for: that may hold a reference or a token.
"""

from __future__ import annotations

import re
import secrets
import time
from functools import cache
from typing import Any

import structlog
from prometheus_client import Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = structlog.get_logger("request")
_ACCEPTED_ID = re.compile(r"[A-Za-z0-9-]{8,64}")
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
REQUESTS = Counter("geo_service_requests", "Requests answered", ["method", "route", "status"])
DURATION = Histogram(
    "geo_service_request_seconds", "Time to the last byte", ["method", "route"], buckets=_BUCKETS
)
_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
_QUIET = ("/health/", "/metrics", "/static/")


class RequestLog:
    """ASGI middleware; the outermost one, so that it sees every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; takes over an `X-Request-ID` that a proxy has set."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        offered = dict(scope["headers"]).get(b"x-request-id", b"").decode("latin-1")
        request_id = offered if _ACCEPTED_ID.fullmatch(offered) else secrets.token_hex(16)
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        began = time.perf_counter()
        status = 500

        async def send_numbered(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                others = (one for one in message["headers"] if one[0] != b"x-request-id")
                message["headers"] = [*others, (b"x-request-id", request_id.encode())]
            await send(message)

        try:
            await self.app(scope, receive, send_numbered)
        finally:
            _note(scope, status, time.perf_counter() - began)


def _note(scope: Scope, status: int, seconds: float) -> None:
    method = scope["method"] if scope["method"] in _METHODS else "other"
    route = _pattern_of(scope)
    _counter(method, route, status).inc()
    _duration(method, route).observe(seconds)
    if status >= 500 or not scope["path"].startswith(_QUIET):
        log.info("request", method=method, route=route, status=status, ms=round(seconds * 1000, 1))


@cache  # the library checks the labels anew each time; there are as many as routes and answers
def _counter(method: str, route: str, status: int) -> Counter:
    return REQUESTS.labels(method, route, str(status))


@cache
def _duration(method: str, route: str) -> Histogram:
    return DURATION.labels(method, route)


def _pattern_of(scope: Scope) -> str:
    route = scope.get("route")
    if route is None and "endpoint" in scope:  # a plain Starlette route does not leave itself in the scope
        route = _routes_by_endpoint(scope["app"]).get(scope["endpoint"])
    return str(getattr(route, "path", "") or "unmatched")


@cache
def _routes_by_endpoint(app: Any) -> dict[Any, Any]:
    return {route.endpoint: route for route in app.routes if hasattr(route, "endpoint")}
