"""Every step of a case is recorded with person, time and reason, and never changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.orm import Session

from geo_service.identity.caller import Caller
from geo_service.sql.loader import statements, text


def record_step(  # noqa: PLR0913 - one per column of the record
    session: Session,
    permit_id: UUID,
    town: str,
    *,
    before: str | None,
    after: str,
    by: Caller,
    as_of: datetime,
    reason: str | None = None,
    reason_code: str | None = None,
    overrides: Sequence[dict[str, Any]] = (),
) -> None:
    """Add one step to the history of a case; `by` the public means the applicant."""
    role = "applicant" if by.role == "public" else by.role
    session.execute(
        text(statements("permits")["add_transition"]),
        {
            "permit_id": permit_id, "town": town, "from_status": before, "to_status": after, "at": as_of,
            "actor_role": role, "actor_name": by.name if by.at_desk else role,
            "reason_code": reason_code, "reason": reason, "overrides": orjson.dumps(list(overrides)).decode(),
        },
    )  # fmt: skip
