"""Every error as RFC 9457 `application/problem+json`; never a stack trace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from geo_service.errors import GeoServiceError

log = structlog.get_logger()


def problem_answer(error: GeoServiceError) -> Response:
    """The answer for one error of our own tree."""
    body: dict[str, Any] = {
        "type": f"/problems/{type(error).__name__}",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        **error.extra,
    }
    if error.errors:
        body["errors"] = [{"pointer": fault.pointer, "detail": fault.detail} for fault in error.errors]
    return Response(
        orjson.dumps(body), status_code=error.status, media_type="application/problem+json", headers=error.headers
    )


def _plain(status: int, title: str, detail: str, headers: dict[str, str] | None = None, **more: Any) -> Response:
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, **more}
    return Response(orjson.dumps(body), status_code=status, media_type="application/problem+json", headers=headers)


async def _own(_: Request, error: Exception) -> Response:
    assert isinstance(error, GeoServiceError)
    if error.status >= 500:
        log.error("service_error", kind=type(error).__name__, detail=error.detail)
    return problem_answer(error)


async def _http(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return _plain(error.status_code, "HTTP error", str(error.detail), dict(error.headers or {}))


def _pointer(place: Sequence[str | int]) -> str:
    """A JSON pointer; pydantic names the chosen branch of a union by its tag, which the client never sent."""
    return "/" + "/".join(str(part) for part in place if part not in ("Feature", "FeatureCollection"))


async def _validation(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    faults = [
        {"pointer": _pointer(fault["loc"][1:]), "detail": fault["msg"]}
        for fault in error.errors()
    ]
    malformed = any(fault["type"] == "json_invalid" for fault in error.errors())
    if malformed:
        return _plain(400, "Malformed", "The body is not valid JSON.", errors=faults)
    return _plain(422, "Invalid", "Some fields are not valid.", errors=faults)


async def _unexpected(_: Request, error: Exception) -> Response:
    log.error("unexpected_error", kind=type(error).__name__, exc_info=error)
    return _plain(500, "Internal error", "Something went wrong inside the service; it has been logged.")


def install_problem_answers(app: FastAPI) -> None:
    """Register the handlers."""
    app.add_exception_handler(GeoServiceError, _own)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(Exception, _unexpected)
