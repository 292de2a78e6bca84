"""API keys: made by the owner of the database, shown once, stored as a hash."""

from __future__ import annotations

from typing import get_args

from sqlalchemy import text
from sqlalchemy.orm import Session

from geo_service.errors import Invalid
from geo_service.identity.caller import DESK_ROLES, KeyRole
from geo_service.identity.secrets import new_secret, stored_form
from geo_service.sql.loader import statements

KEY_ROLES: tuple[KeyRole, ...] = get_args(KeyRole)


def create_api_key(owner: Session, *, role: str, town: str | None, name: str) -> str:
    """A new key for `role` in `town` (AGS or slug); its plain text exists only in the answer.

    owner: a session of the database's owner (`db.database.owner_session`).
    Raises Invalid for an unknown role or town, or a desk role without a town.
    """
    if role not in KEY_ROLES:
        raise Invalid(f"The role {role!r} has no keys; use one of {', '.join(KEY_ROLES)}.")
    if role in DESK_ROLES and town is None:
        raise Invalid(f"A {role} belongs to a town: give --town AGS.")
    if not name.strip():
        raise Invalid("Give the key a name, so that it can be told from others later: --name TEXT.")
    named = statements("identity")
    if town is not None:
        found = owner.execute(text(named["find_town_for_key"]), {"town": town}).scalar_one_or_none()
        if found is None:
            raise Invalid(f"There is no town {town!r}; `geo-service towns list` shows them.")
        town = found
    key = new_secret()
    owner.execute(
        text(named["write_key"]), {"town": town, "role": role, "name": name.strip(), "hash": stored_form(key)}
    )
    return key
