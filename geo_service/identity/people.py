"""Who may act at the desk of a town, for its administration: people who have signed in, and the town's keys.

The session speaks as the admin (web/scope.py); the database's functions ask it again, so that another town's
people and keys cannot be reached whatever is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from geo_service.errors import Forbidden, Invalid, NotFound
from geo_service.identity.api_keys import KeyEntry, NoSuchKey, require_name, require_overlap
from geo_service.identity.caller import Caller, require_desk
from geo_service.identity.secrets import new_secret, stored_form
from geo_service.sql.loader import statements, text

OWN_KEY_ROLES = ("reader", "clerk", "supervisor", "admin")
_NAMED = statements("identity")


class NoSuchPerson(NotFound):
    """There is no such person at the desk of this town."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DeskPerson:
    """A person who has signed in at this desk, in the role that the provider gave the last time."""

    person_id: UUID
    name: str
    role: str
    first_seen_at: datetime
    last_seen_at: datetime
    blocked_at: datetime | None
    blocked_by: str | None
    signed_in: bool


def require_admin(caller: Caller, town: str) -> Caller:
    """`caller`, if it is the administration of `town` (AGS). Raises NotSignedIn or Forbidden."""
    if require_desk(caller, town).role != "admin":
        raise Forbidden("Only the administration of the town sees and changes its people and keys.")
    return caller


def list_people(session: Session) -> list[DeskPerson]:
    """The people of the admin's town, by name."""
    return [DeskPerson(**row) for row in session.execute(text(_NAMED["people_of_town"])).mappings()]


def list_own_keys(session: Session, town: str) -> list[KeyEntry]:
    """The keys of the admin's town (AGS), newest first."""
    rows = session.execute(text(_NAMED["keys_of_town"])).mappings()
    return [KeyEntry(town=town, **row) for row in rows]


def block_person(session: Session, person_id: UUID, *, blocked: bool, by: Caller) -> None:
    """Bar a person from this desk and end the sign-ins, or let them in again. Raises NoSuchPerson."""
    asked = {"person_id": person_id, "by_name": by.name, "blocked": blocked}
    if not session.execute(text(_NAMED["block_person"]), asked).scalar_one():
        raise NoSuchPerson()


def create_own_key(
    session: Session, *, role: str, name: str, expires_at: datetime | None, by: Caller, now: datetime
) -> str:
    """A new key of the admin's town; its plain text exists only in the answer. Raises Invalid."""
    if role not in OWN_KEY_ROLES:
        raise Invalid(f"The role {role!r} has no keys; use one of {', '.join(OWN_KEY_ROLES)}.")
    if expires_at is not None and expires_at <= now:
        raise Invalid("The key would have expired already.")
    key = new_secret()
    asked = {"role": role, "name": require_name(name), "by_name": by.name, "expires_at": expires_at}
    session.execute(text(_NAMED["make_own_key"]), {**asked, "hash": stored_form(key)})
    return key


def rotate_own_key(session: Session, key_id: UUID, *, overlap_days: int, by: Caller) -> str:
    """A successor of a key of the admin's town; both hold for `overlap_days`. Raises NoSuchKey, Invalid."""
    key = new_secret()
    asked = {"key_id": key_id, "by_name": by.name, "overlap_days": require_overlap(overlap_days)}
    made = session.execute(text(_NAMED["rotate_own_key"]), {**asked, "hash": stored_form(key)}).scalar_one()
    if made is None:
        raise NoSuchKey()
    return key


def revoke_own_key(session: Session, key_id: UUID, *, by: Caller) -> None:
    """End a key of the admin's town at once, and the sign-ins that it began. Raises NoSuchKey."""
    asked = {"key_id": key_id, "by_name": by.name}
    if not session.execute(text(_NAMED["revoke_own_key"]), asked).scalar_one():
        raise NoSuchKey()
