"""Every error as RFC 9457 `application/problem+json`; never a stack trace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DataError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from starlette.exceptions import HTTPException

from geo_service.db.constraints import meaning_of
from geo_service.errors import GeoServiceError, Invalid, Unavailable
from geo_service.web.language import Language, language_of
from geo_service.web.problem_words import TITLES, field_fault, in_language

log = structlog.get_logger()


def problem_answer(error: GeoServiceError, language: Language = "de") -> Response:
    """The answer for one error of our own tree, in the reader's language."""
    body: dict[str, Any] = {
        "type": f"/problems/{type(error).__name__}",
        "title": error.title if language == "en" else TITLES.get(error.status, error.title),
        "status": error.status,
        "detail": in_language(error.detail, language),
        **error.extra,
    }
    if error.errors:
        faults = error.errors
        body["errors"] = [{"pointer": f.pointer, "detail": in_language(f.detail, language)} for f in faults]
    return _problem(body, language, error.headers)


def _problem(body: dict[str, Any], language: Language, headers: Mapping[str, str] | None = None) -> Response:
    return Response(
        orjson.dumps(body),
        status_code=body["status"],
        media_type="application/problem+json",
        headers={**(headers or {}), "Content-Language": language, "Cache-Control": "no-store"},
    )


def _plain(request: Request, status: int, title: str, detail: str, **more: Any) -> Response:
    language = language_of(request)
    title = title if language == "en" else TITLES.get(status, title)
    body = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": in_language(detail, language),
        **more,
    }
    return _problem(body, language)


async def _own(request: Request, error: Exception) -> Response:
    assert isinstance(error, GeoServiceError)
    if error.status >= 500:
        log.error("service_error", kind=type(error).__name__, detail=error.detail)
    return problem_answer(error, language_of(request))


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    answer = _plain(request, error.status_code, "HTTP error", str(error.detail))
    answer.headers.update(error.headers or {})
    return answer


async def _database(request: Request, error: Exception) -> Response:
    """What the database refuses: a value it cannot hold, or work it could not do in time."""
    if isinstance(error, IntegrityError) and (meaning := meaning_of(error)):
        return problem_answer(meaning(), language_of(request))
    if isinstance(error, DataError | IntegrityError):
        log.warning("value_refused_by_database", kind=type(error).__name__)
        return problem_answer(Invalid("A value cannot be stored as it is."), language_of(request))
    log.error("database_unavailable", kind=type(error).__name__, exc_info=error)
    return problem_answer(Unavailable(headers={"Retry-After": "2"}), language_of(request))


def _pointer(place: Sequence[str | int]) -> str:
    """A JSON pointer; pydantic names the chosen branch of a union by its tag, which the client never sent."""
    return "/" + "/".join(str(part) for part in place if part not in ("Feature", "FeatureCollection"))


async def _validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    language = language_of(request)
    faults = [
        {"pointer": _pointer(fault["loc"][1:]), "detail": field_fault(fault, language)}
        for fault in error.errors()
    ]
    malformed = any(fault["type"] == "json_invalid" for fault in error.errors())
    if malformed:
        return _plain(request, 400, "Malformed", "The body is not valid JSON.", errors=faults)
    return _plain(request, 422, "Invalid", "Some fields are not valid.", errors=faults)


async def _unexpected(request: Request, error: Exception) -> Response:
    log.error("unexpected_error", kind=type(error).__name__, exc_info=error)
    return _plain(
        request, 500, "Internal error", "Something went wrong inside the service; it has been logged."
    )


def install_problem_answers(app: FastAPI) -> None:
    """Register the handlers."""
    app.add_exception_handler(GeoServiceError, _own)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(DataError, _database)
    app.add_exception_handler(IntegrityError, _database)
    app.add_exception_handler(OperationalError, _database)
    app.add_exception_handler(NoConnectionFree, _database)
    app.add_exception_handler(Exception, _unexpected)
