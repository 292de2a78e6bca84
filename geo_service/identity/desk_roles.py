"""Which desk a person belongs to, read from what the OpenID provider says about them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

from geo_service.identity.caller import DESK_ROLES, Role

# `06431002:clerk`, also as a Keycloak group with its path: `/06431002/clerk`.
_ENTRY = re.compile(rf"/?(?P<town>[0-9]{{8}})[:/](?P<role>{'|'.join(DESK_ROLES)})")


def desk_roles(claims: Mapping[str, Any], paths: tuple[str, ...]) -> dict[str, Role]:
    """AGS → the strongest role there. Entries that are no desk's role are none of our business.

    claims: of the ID token or the userinfo answer. paths: claims in which lists of roles or groups may be,
    with dots for the inner ones: `groups`, `realm_access.roles`.
    """
    found: dict[str, Role] = {}
    for entry in (entry for path in paths for entry in _entries(claims, path)):
        if match := _ENTRY.fullmatch(entry):
            town, role = match["town"], cast(Role, match["role"])
            if town not in found or DESK_ROLES.index(role) > DESK_ROLES.index(found[town]):
                found[town] = role
    return found


def _entries(claims: Mapping[str, Any], path: str) -> Iterator[str]:
    value: Any = claims
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        yield from (entry for entry in value if isinstance(entry, str))
