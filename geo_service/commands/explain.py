"""What the command line says when it fails; loaded only then, for it knows the errors of every library."""

from __future__ import annotations

import sys

import psycopg
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError

from geo_service.errors import GeoServiceError


def explain(error: Exception) -> int | None:
    """Say in a readable line on standard error what went wrong; the exit code, None for our own mistake."""
    lines, code = _words(error)
    for line in lines:
        print(line, file=sys.stderr)
    return code


def _words(error: Exception) -> tuple[list[str], int | None]:
    match error:
        case GeoServiceError():
            faults = [f"  {fault.pointer}: {fault.detail}" for fault in error.errors]
            return [f"geo-service: {error.detail}", *faults], 1
        case ValidationError(title="Settings"):
            return [f"geo-service: {_setting(wrong['loc'])}: {wrong['msg']}" for wrong in error.errors()], 2
        case psycopg.Error() | DBAPIError():
            words = str(getattr(error, "orig", error)).strip().splitlines() or [type(error).__name__]
            return [f"geo-service: the database answered: {words[0]}"], 1
        case OSError():
            return [f"geo-service: {error.filename or 'system'}: {error.strerror or error}"], 1
    return [], None


def _setting(place: tuple[int | str, ...]) -> str:
    return f"GEO_SERVICE_{'_'.join(map(str, place))}".upper()
