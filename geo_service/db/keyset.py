"""Cursors of lists that are ordered by an instant and an id: opaque to clients, the last row inside."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from uuid import UUID

from geo_service.errors import Malformed


def write_cursor(at: datetime, key: UUID) -> str:
    """The cursor that goes on after this row."""
    return base64.urlsafe_b64encode(f"{at.isoformat()}|{key}".encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> tuple[datetime, UUID]:
    """Instant and id of the last row that was seen. Raises Malformed for what was not written here."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        moment, _, key = base64.b64decode(padded, b"-_", validate=True).decode().partition("|")
        at = datetime.fromisoformat(moment)
        if at.tzinfo is None:
            raise ValueError("naive")
        return at, UUID(key)
    except (ValueError, binascii.Error) as error:
        raise Malformed("The cursor is not one that this service gave out.") from error
