"""Where a form of the desk leads back to."""

from __future__ import annotations

from urllib.parse import quote
from uuid import UUID

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from geo_service.towns.town import Town


def back_to_case(request: Request, town: Town, reference: str) -> Response:
    """To the page of the case, in the language of the request."""
    return _back(request, town, f"cases/{quote(reference, safe='')}")


def back_to_object(request: Request, town: Town, path: str, object_id: UUID) -> Response:
    """To the page of something on the map; path: of its kind (web/object_kinds.py)."""
    return _back(request, town, f"{path}/{object_id}")


def _back(request: Request, town: Town, place: str) -> Response:
    path = f"{request.scope.get('root_path', '')}/towns/{town.slug}/desk/{place}"
    language = request.query_params.get("lang")
    return RedirectResponse(path + (f"?lang={language}" if language in ("de", "en") else ""), status_code=303)
