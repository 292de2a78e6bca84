"""Where a form of the desk leads back to."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from geo_service.towns.town import Town


def back_to_case(request: Request, town: Town, reference: str) -> Response:
    """To the page of the case, in the language of the request."""
    path = f"{request.scope.get('root_path', '')}/towns/{town.slug}/desk/cases/{quote(reference, safe='')}"
    language = request.query_params.get("lang")
    return RedirectResponse(path + (f"?lang={language}" if language in ("de", "en") else ""), status_code=303)
