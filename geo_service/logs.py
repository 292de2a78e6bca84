"""Structured logs on standard error: a JSON line each, or readable lines on a terminal.

Errors are written as kind and places, never with their message: a message of the database can hold the row.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import MutableMapping
from types import TracebackType
from typing import Any

import orjson
import structlog


def configure_logs() -> None:
    """Set up structlog and calm the libraries; once per process."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _places_only,
    ]
    if sys.stderr.isatty():
        structlog.configure(
            processors=[*shared, structlog.dev.ConsoleRenderer()],
            logger_factory=structlog.PrintLoggerFactory(sys.stderr),
            cache_logger_on_first_use=True,
        )
    else:
        structlog.configure(
            processors=[*shared, structlog.processors.JSONRenderer(serializer=orjson.dumps)],
            logger_factory=structlog.BytesLoggerFactory(sys.stderr.buffer),
            cache_logger_on_first_use=True,
        )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_PlacesOnlyFormatter("%(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    # uvicorn would print the message of an error that problems.py has already logged without it.
    logging.getLogger("uvicorn.error").addFilter(lambda record: "Exception in ASGI" not in str(record.msg))


class _PlacesOnlyFormatter(logging.Formatter):
    """For the libraries' own lines: of an error, its kind and places, as in our own lines."""

    def formatException(self, ei: Any) -> str:
        """One line for the error, without its message."""
        kind, _, trace = ei
        return " ".join([kind.__name__, *_places(trace)])


def _places(trace: TracebackType | None) -> list[str]:
    frames = traceback.extract_tb(trace)[-8:]
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]


def _places_only(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    error = event.pop("exc_info", None)
    if isinstance(error, BaseException):
        event["places"] = _places(error.__traceback__)
        sqlstate = getattr(getattr(error, "orig", error), "sqlstate", None)
        if sqlstate:
            event["sqlstate"] = sqlstate
    return event
