"""Whose road it is: class, number, owner and function, read from OpenStreetMap tags."""

from __future__ import annotations

import re

from geo_service.roads.osm_traffic import Tags
from geo_service.roads.segment import RoadClass

_THROUGH = ("motorway", "trunk", "primary", "secondary", "tertiary")
_MOTOR = frozenset(
    [
        *_THROUGH,
        *(f"{name}_link" for name in _THROUGH),
        "unclassified",
        "residential",
        "living_street",
        "road",
        "service",
    ]
)
CARRIAGEWAYS = _MOTOR
_NOT_A_STREET = frozenset(
    {"service", "track", "footway", "path", "steps", "cycleway", "bridleway", "corridor"}
)
# Motorways are federal roads like Bundesstraßen (FStrG § 1) and share their owner; they have no code of their
# own. Slip roads belong to the road they lead to.
_BY_HIGHWAY: dict[str, RoadClass] = {
    **dict.fromkeys(("motorway", "motorway_link", "trunk", "trunk_link", "primary_link"), "bundesstrasse"),
    "secondary_link": "landesstrasse",
}
_PREFIXES: tuple[tuple[str, RoadClass], ...] = (
    (r"[AB]", "bundesstrasse"),
    (r"L|St|S", "landesstrasse"),
    (r"K|[A-ZÄÖÜ]{2,3}", "kreisstrasse"),  # Bavaria writes the district's letters: AB 12
)
_OWNER: dict[RoadClass, str] = {
    "bundesstrasse": "bund", "landesstrasse": "land", "kreisstrasse": "kreis", "gemeindestrasse": "gemeinde",
}  # fmt: skip


def road_class(tags: Tags) -> RoadClass:
    """Class by the number (B, L, St, K), else by the kind of way; private and foot ways are sonstige."""
    highway = tags["highway"]
    if highway in _MOTOR:
        for prefix, found in _PREFIXES:
            if any(re.match(rf"(?:{prefix}) ?\d", number) for number in _numbers(tags)):
                return found
    if highway in _BY_HIGHWAY:
        return _BY_HIGHWAY[highway]
    if highway in _NOT_A_STREET or tags.get("access") == "private":
        return "sonstige"
    return "gemeindestrasse" if highway in _MOTOR or highway == "pedestrian" else "sonstige"


def road_number(tags: Tags) -> str | None:
    """`B 8` or `B 8; B 54`; None for lines that carry no road number."""
    return "; ".join(_numbers(tags)) or None if tags["highway"] in _MOTOR else None


def _numbers(tags: Tags) -> list[str]:
    return [number.strip() for number in tags.get("ref", "").split(";") if number.strip()]


def road_owner(tags: Tags, of_class: RoadClass, built_up: bool | None) -> str | None:
    """Who carries the cost of the road, as far as the class tells; None where it does not.

    In a built-up area it depends on the town's size who carries a Bundes-, Landes- or Kreisstraße
    (FStrG § 5 (2), HStrG § 41), so it is not guessed.
    """
    if of_class == "sonstige":
        private = tags.get("access") in ("private", "customers") or tags["highway"] in ("service", "track")
        return "dritter" if private else None
    if of_class != "gemeindestrasse" and built_up:
        return None
    return _OWNER[of_class]


def network_function(tags: Tags, of_class: RoadClass) -> frozenset[str]:
    """What the kind of way says about its part in the network; the town adds the rest."""
    highway = tags["highway"]
    if highway == "pedestrian":
        return frozenset({"pedestrian_zone"})
    if of_class in ("bundesstrasse", "landesstrasse", "kreisstrasse") or highway in ("primary", "secondary"):
        return frozenset({"main_road"})
    return (
        frozenset({"access_road"}) if highway in ("residential", "living_street", "service") else frozenset()
    )
