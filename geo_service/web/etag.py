"""ETag and If-Match of cases: the version number in quotes."""

from __future__ import annotations

from fastapi import Request

from geo_service.errors import PreconditionRequired


def etag_of(version: int) -> str:
    """A strong ETag."""
    return f'"{version}"'


def versions_asked(request: Request, *, required: bool) -> frozenset[int] | None:
    """The versions of If-Match; None = any. Weak tags match nothing. Raises PreconditionRequired.

    A published feature's tag names its version and then how it is shown: "7.5f0c…-gzip" is version 7.
    """
    header = request.headers.get("if-match")
    if header is None:
        if required:
            raise PreconditionRequired()
        return None
    if header.strip() == "*":
        return None
    tags = [tag.strip().strip('"') for tag in header.split(",") if tag.strip().startswith('"')]
    tags = [tag.partition(".")[0] for tag in tags]
    return frozenset(int(tag) for tag in tags if tag.isascii() and tag.isdigit() and len(tag) < 10)
