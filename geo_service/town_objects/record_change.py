"""Who changed what on a town's map; the record only grows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeVar
from uuid import UUID

import orjson
from sqlalchemy.orm import Session

from geo_service.identity.caller import Caller
from geo_service.sql.loader import statements, text
from geo_service.town_objects.kind import Kind

T = TypeVar("T")
Deed = Literal["created", "changed", "cancelled"]

# Follow from something else or are of no interest to a reader.
_NOT_TOLD = ("demo", "recurrence", "end_known")


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One change. fields: what was different from before; state: afterwards.

    overrides: findings that were set aside while it was binding, each in words with its reason.
    """

    at: datetime
    actor_role: str
    actor_name: str
    deed: str
    state: str
    fields: tuple[str, ...]
    overrides: tuple[dict[str, Any], ...] = ()


def record_change(  # noqa: PLR0913 - who changed what, when, and what was set aside for it
    session: Session,
    kind: Kind[T],
    after: T,
    *,
    before: T | None,
    by: Caller,
    as_of: datetime,
    overrides: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Add one line to the record of the town of `by`; `before` None = newly entered."""
    columns = kind.columns(after)
    state = kind.state(after)
    deed: Deed = "created" if before is None else "cancelled" if state == "cancelled" else "changed"
    session.execute(
        text(statements("town_objects")["add_change"]),
        {
            "collection": kind.collection,
            "object_id": kind.id_of(after),
            "town": by.town,
            "at": as_of,
            "actor_role": by.role,
            "actor_name": by.name,
            "deed": deed,
            "state": state,
            "fields": [] if before is None else _different(kind.columns(before), columns),
            "document": orjson.dumps(dict(columns)).decode(),
            "overrides": orjson.dumps(list(overrides)).decode(),
        },
    )


def _different(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    return [name for name in after if name not in _NOT_TOLD and before.get(name) != after[name]]


def list_changes(session: Session, collection: str, object_id: UUID) -> tuple[Change, ...]:
    """The record of one object, the first change first; empty for whoever may not see it."""
    asked = {"collection": collection, "object_id": object_id}
    rows = session.execute(text(statements("town_objects")["list_changes"]), asked)
    return tuple(
        Change(
            at=row.at,
            actor_role=row.actor_role,
            actor_name=row.actor_name,
            deed=row.deed,
            state=row.state,
            fields=tuple(row.fields),
            overrides=tuple(row.overrides),
        )
        for row in rows
    )
