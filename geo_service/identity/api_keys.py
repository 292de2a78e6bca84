"""API keys: made by the owner of the database or a town's administration, shown once, stored as a hash."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import get_args
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.orm import Session

from geo_service.errors import Invalid, NotFound
from geo_service.identity.caller import DESK_ROLES, KeyRole
from geo_service.identity.secrets import new_secret, stored_form
from geo_service.sql.loader import statements, text

KEY_ROLES: tuple[KeyRole, ...] = get_args(KeyRole)
MAX_OVERLAP_DAYS = 90
_NAMED = statements("identity")


class NoSuchKey(NotFound):
    """There is no such key in force."""


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyEntry:
    """What is known of a key; never the key. replaced: another one follows it."""

    key_id: UUID
    town: str | None
    role: str
    name: str
    made_by: str
    created_at: datetime
    expires_at: datetime | None
    last_used_on: date | None
    revoked_at: datetime | None
    revoked_by: str | None
    replaced: bool

    def state(self, now: datetime) -> str:
        """`in_force`, `running_out` (a successor exists), `expired` or `revoked`."""
        if self.revoked_at is not None:
            return "revoked"
        if self.expires_at is not None and self.expires_at <= now:
            return "expired"
        return "running_out" if self.replaced else "in_force"


def create_api_key(
    owner: Session, *, role: str, town: str | None, name: str, expires_at: datetime | None = None
) -> str:
    """A new key for `role` in `town` (AGS or slug); its plain text exists only in the answer.

    owner: a session of the database's owner (`db.database.owner_session`). expires_at: None = never.
    Raises Invalid for an unknown role or town, or a desk role without a town.
    """
    if role not in KEY_ROLES:
        raise Invalid(f"The role {role!r} has no keys; use one of {', '.join(KEY_ROLES)}.")
    if role in DESK_ROLES and town is None:
        raise Invalid(f"A {role} belongs to a town: give --town AGS.")
    values = {
        "town": None if town is None else _town_for_key(owner, town),
        "role": role,
        "name": require_name(name),
        "expires_at": expires_at,
    }
    key = new_secret()
    owner.execute(text(_NAMED["write_key"]), {**values, "hash": stored_form(key)})
    return key


def list_api_keys(owner: Session, town: str | None) -> list[KeyEntry]:
    """Every key, or those of a town (AGS or slug), oldest first; as the owner."""
    asked = {"town": None if town is None else _town_for_key(owner, town)}
    return [KeyEntry(**row) for row in owner.execute(text(_NAMED["list_keys"]), asked).mappings()]


def rotate_api_key(owner: Session, key_id: str, *, overlap_days: int) -> str:
    """A successor of the key whose id begins with `key_id`; both hold for `overlap_days`. As the owner.

    Raises NoSuchKey, Invalid.
    """
    require_overlap(overlap_days)
    key = new_secret()
    asked = {"key_id": _found(owner, key_id).key_id, "by_name": "operator", "hash": stored_form(key)}
    made = owner.execute(text(_NAMED["follow_key"]), {**asked, "overlap_days": overlap_days}).scalar_one()
    if made is None:
        raise NoSuchKey(f"The key {key_id} is expired, revoked or has a successor already.")
    return key


def revoke_api_key(owner: Session, key_id: str) -> None:
    """End the key whose id begins with `key_id` at once; as the owner. Raises NoSuchKey, Invalid."""
    found = _found(owner, key_id)
    if owner.execute(text(_NAMED["revoke_key"]), {"key_id": found.key_id}).one_or_none() is None:
        raise NoSuchKey(f"The key {key_id} is revoked already.")


def require_name(name: str) -> str:
    """`name` without blanks around it. Raises Invalid for an empty or overlong one."""
    if not 0 < len(name.strip()) <= 200:
        raise Invalid("Give the key a name, so that it can be told from others later: --name TEXT.")
    return name.strip()


def require_overlap(days: int) -> int:
    """`days`, if a key may live on so long beside its successor. Raises Invalid."""
    if not 0 <= days <= MAX_OVERLAP_DAYS:
        raise Invalid(f"Two keys hold beside each other for 0 to {MAX_OVERLAP_DAYS} days.")
    return days


def _found(owner: Session, beginning: str) -> Row[tuple[UUID]]:
    rows = (
        owner.execute(text(_NAMED["keys_like"]), {"beginning": beginning.lower()}).all() if beginning else []
    )
    if len(rows) != 1:
        what = "no key" if not rows else f"{len(rows)} keys"
        raise NoSuchKey(f"{what} begin with {beginning!r}; `geo-service api-keys list` shows them.")
    return rows[0]


def _town_for_key(owner: Session, town: str) -> str:
    found = owner.execute(text(_NAMED["find_town_for_key"]), {"town": town}).scalar_one_or_none()
    if found is None:
        raise Invalid(f"There is no town {town!r}; `geo-service towns list` shows them.")
    return str(found)
