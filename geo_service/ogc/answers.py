"""What every answer of the collections carries: open access for scripts, caching, validators, compression."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from hashlib import blake2b
from types import MappingProxyType

import orjson
from starlette.requests import Request
from starlette.responses import Response

from geo_service.errors import GeoServiceError
from geo_service.ogc.open_ended import ENCODINGS, OpenEnded, open_ended
from geo_service.ogc.transactions import WRITE_HEADERS, options_of

Endpoint = Callable[[Request], Awaitable[Response]]

OPEN_ACCESS = MappingProxyType(
    {
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Expose-Headers": "ETag, Link, Content-Crs, OGC-NumberMatched, OGC-NumberReturned",
    }
)
_PREFLIGHT = {
    **OPEN_ACCESS,
    "Access-Control-Allow-Headers": f"Accept, Accept-Language, If-None-Match, {WRITE_HEADERS}",
    "Access-Control-Max-Age": "86400",
}
# Published data may be kept, but is asked for again each time; the validator makes that cheap.
CACHING = "public, max-age=0, must-revalidate"
VARY = "Accept, Accept-Language, Accept-Encoding"
# What a key of a town is answered: for whoever sent it, not for who is between nor for scripts of elsewhere.
VARY_BY_KEY = f"Authorization, {VARY}"
CACHING_BY_KEY = "private, max-age=0, must-revalidate"

WORTH_ENCODING = 1_000  # bytes
_LARGE = 50_000


def published(endpoint: Endpoint) -> Endpoint:
    """An endpoint that scripts of any origin may read, its errors too; answers their preflight.

    What a key alone may read is not open to them, nor what was wrong with its question.
    """

    async def answer(request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response(status_code=204, headers={**_PREFLIGHT, **options_of(request)})
        try:
            return await endpoint(request)
        except GeoServiceError as error:
            if key_of(request) is None:
                error.headers = {**OPEN_ACCESS, **error.headers}
            raise

    return answer


def key_of(request: Request) -> str | None:
    """Id of the key that this answer is for alone; None for what everybody may read."""
    key_id: str | None = getattr(request.state, "key_id", None)
    return key_id


def access_of(request: Request) -> dict[str, str]:
    """Who may keep an answer, and which scripts may read it."""
    if key_of(request) is not None:
        return {"Cache-Control": CACHING_BY_KEY, "Vary": VARY_BY_KEY}
    return {**OPEN_ACCESS, "Cache-Control": CACHING, "Vary": VARY}


def encoding_of(request: Request) -> str | None:
    """The first of zstd, br, gzip that the client takes."""
    offered: dict[str, bool] = {}
    for entry in request.headers.get("accept-encoding", "").lower().split(","):
        name, _, options = entry.partition(";")
        offered[name.strip()] = options.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return next((name for name in ENCODINGS if offered.get(name)), None)


def not_modified(request: Request, etag: str) -> bool:
    """True if the client has this very state already."""
    known = request.headers.get("if-none-match", "")
    bare = etag.removeprefix("W/")
    return known.strip() == "*" or any(part.strip().removeprefix("W/") == bare for part in known.split(","))


async def bytes_answer(
    request: Request, body: bytes, media_type: str, *, version: str, headers: Mapping[str, str] | None = None
) -> Response:
    """The body, compressed as the client likes, or 304.

    version: changes with whatever the body shows, timeStamp aside; with the encoding, and the key if it is
    for one alone, it is the ETag.
    """
    if (key_id := key_of(request)) is not None:
        version = fingerprint(version.encode(), key_id.encode())
    encoding = encoding_of(request) if len(body) >= WORTH_ENCODING else None
    etag = f'"{version}-{encoding}"' if encoding else f'"{version}"'
    all_headers = {**access_of(request), "ETag": etag, **(headers or {})}
    if not_modified(request, etag):
        return Response(status_code=304, headers=all_headers)
    if encoding is not None:
        body = (await encoded(encoding, body)).ended(b"")
        all_headers["Content-Encoding"] = encoding
    all_headers["Content-Type"] = media_type
    return Response(body, headers=all_headers)


async def encoded(encoding: str | None, start: bytes) -> OpenEnded:
    """A body or the start of one in an encoding; large ones are compressed in another thread."""
    if encoding is None or len(start) <= _LARGE:
        return open_ended(encoding, start)
    return await asyncio.to_thread(open_ended, encoding, start)


async def json_answer(
    request: Request, document: object, media_type: str, *, headers: Mapping[str, str] | None = None
) -> Response:
    """A small document as JSON; its own bytes are its version."""
    body = orjson.dumps(document)
    return await bytes_answer(request, body, media_type, version=fingerprint(body), headers=headers)


def fingerprint(*parts: bytes) -> str:
    """A short hash, the same in every process."""
    return blake2b(b"\0".join(parts), digest_size=10).hexdigest()
