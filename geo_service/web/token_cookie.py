"""A token in an address is put into a cookie of its page, so that it travels in no link and no referrer."""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

CASE_COOKIE = "geo_service_case"
_COOKIE_SECONDS = 30 * 24 * 60 * 60


def path_here(request: Request, path: str) -> str:
    """A path of this service under its prefix, in the language of the request."""
    language = request.query_params.get("lang")
    query = f"?lang={language}" if language in ("de", "en") else ""
    return f"{request.scope.get('root_path', '')}{path}{query}"


def keep_token(request: Request, cookie: str, path: str, token: str) -> Response:
    """Redirect to `path` with the token in a cookie that only this path is sent."""
    address = path_here(request, path)
    public_url: str | None = request.app.state.settings.public_url
    answer = RedirectResponse(address, status_code=303)
    answer.set_cookie(
        cookie,
        token,
        max_age=_COOKIE_SECONDS,
        path=address.partition("?")[0],
        secure=(public_url or str(request.url)).startswith("https:"),
        httponly=True,
        samesite="lax",
    )
    return answer
