"""Errors as pages for people; programs keep their problem documents."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException

from geo_service.errors import GeoServiceError
from geo_service.web.page import page

Handler = Callable[[Request, Exception], Awaitable[Response]]
_PROGRAMS = ("/api/", "/ogc", "/feeds", "/map/", "/static/", "/health", "/metrics")


def wants_page(request: Request) -> bool:
    """True for a browser that navigates, outside the addresses that belong to programs."""
    return "text/html" in request.headers.get("accept", "") and not request.url.path.startswith(_PROGRAMS)


def _shown(handler: Handler) -> Handler:
    async def answer(request: Request, error: Exception) -> Response:
        problem = await handler(request, error)
        if not wants_page(request) or not hasattr(request.state, "nonce"):
            return problem
        detail = error.detail if isinstance(error, GeoServiceError) else None
        shown = page(
            request, "error.html", status=problem.status_code, code=problem.status_code, detail=detail
        )
        for name in ("retry-after", "www-authenticate"):
            if name in problem.headers:
                shown.headers[name] = problem.headers[name]
        return shown

    return answer


def install_error_pages(app: FastAPI) -> None:
    """Wrap the handlers of `install_problem_answers`, which must have run."""
    handlers: dict[Any, Any] = app.exception_handlers
    for kind in (GeoServiceError, HTTPException, Exception):
        handlers[kind] = _shown(handlers[kind])
