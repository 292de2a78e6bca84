"""One tree of errors; the status sits on the branches, the docstring is the default message.

The text tells the person what to do next. `web/problems.py` renders every leaf as RFC 9457.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class FieldFault:
    """One faulty place in what a client sent: a JSON pointer (or parameter name) and a sentence."""

    pointer: str
    detail: str


class GeoServiceError(Exception):
    """Something went wrong inside the service."""

    status = 500

    def __init__(
        self,
        detail: str | None = None,
        *,
        errors: list[FieldFault] | None = None,
        extra: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        self.detail = detail or (type(self).__doc__ or "").strip().split("\n")[0]
        self.errors = errors or []
        self.extra = extra or {}
        self.headers = headers or {}
        super().__init__(self.detail)

    @property
    def title(self) -> str:
        """The kind of error in words, from the class name."""
        name = type(self).__name__
        return "".join(f" {c.lower()}" if c.isupper() and i else c for i, c in enumerate(name))


class Malformed(GeoServiceError):
    """The request could not be read."""

    status = 400


class NotSignedIn(GeoServiceError):
    """This needs a key or a sign-in."""  # noqa: D404 - it is the message

    status = 401


class Forbidden(GeoServiceError):
    """This key or person may not do that."""  # noqa: D404 - it is the message

    status = 403


class NotFound(GeoServiceError):
    """There is nothing here under this name."""

    status = 404


class Rejected(GeoServiceError):
    """Understood, but the state of the town forbids it."""

    status = 409


class PreconditionFailed(GeoServiceError):
    """It has been changed meanwhile; read it again and repeat."""

    status = 412


class TooLarge(GeoServiceError):
    """The request body is too large."""

    status = 413


class UnsupportedMedia(GeoServiceError):
    """This media type is not read here."""  # noqa: D404 - it is the message

    status = 415


class Invalid(GeoServiceError):
    """Understood, but a value is not valid."""

    status = 422


class PreconditionRequired(GeoServiceError):
    """Send If-Match with the ETag you read."""

    status = 428


class TooMany(GeoServiceError):
    """Too many requests from this address; try again later."""

    status = 429


class Unavailable(GeoServiceError):
    """The service cannot answer right now; try again shortly."""

    status = 503


class BadGeometry(Invalid):
    """The geometry is not usable."""


class BadInterval(Invalid):
    """The period is not usable: its end must lie after its start."""


class BadHeights(Invalid):
    """The upper height must lie above the lower one."""


class ChangedMeanwhile(Rejected):
    """Something that this refers to was changed meanwhile; repeat the request."""


class SetupError(GeoServiceError):
    """The service cannot start."""


class BadTownFolder(SetupError):
    """The town folder is faulty."""


class BadRoadFile(SetupError):
    """The road file cannot be used."""


class BadRuleFile(SetupError):
    """A conflict rule or its parameters are faulty."""


class BadProfile(SetupError):
    """The profile is faulty."""


class BadSiteFile(SetupError):
    """The file of construction sites cannot be used."""
