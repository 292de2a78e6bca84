"""Who may use a highway line, in which direction and how fast, read from its OpenStreetMap tags."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from geo_service.roads.segment import OneWay

Tags = Mapping[str, str]

_ALL = frozenset({"car", "bicycle", "foot", "bus"})
_FAST = frozenset({"car", "bus"})
_STREETS = (
    "primary", "primary_link", "secondary", "secondary_link", "tertiary", "tertiary_link",
    "unclassified", "residential", "living_street", "service", "road",
)  # fmt: skip
# What a line carries when no tag says otherwise. What is not listed (proposed, construction, platform, …) is
# not in service. Tracks are closed to cars in Germany unless a tag opens them.
MODES_BY_HIGHWAY: dict[str, frozenset[str]] = {
    **dict.fromkeys(("motorway", "motorway_link", "trunk", "trunk_link"), _FAST),
    **dict.fromkeys(_STREETS, _ALL),
    **dict.fromkeys(("track", "path"), frozenset({"bicycle", "foot"})),
    **dict.fromkeys(("pedestrian", "footway", "steps", "corridor"), frozenset({"foot"})),
    "cycleway": frozenset({"bicycle"}),
    "bridleway": frozenset(),
    **dict.fromkeys(("busway", "bus_guideway"), frozenset({"bus"})),
}

# From general to particular: the last tagged key decides; only the own keys of a mode can open a line.
_KEYS = {
    "car": ("access", "vehicle", "motor_vehicle", "motorcar"),
    "bicycle": ("access", "vehicle", "bicycle"),
    "foot": ("access", "foot"),
    "bus": ("access", "vehicle", "motor_vehicle", "psv", "bus"),
}
_OPENS = {
    "car": {"motor_vehicle", "motorcar"},
    "bicycle": {"bicycle"},
    "foot": {"foot"},
    "bus": {"psv", "bus"},
}
_ALLOWED = {"yes", "designated", "permissive", "destination", "customers", "official", "residents"}
_FORBIDDEN = {"no", "private", "military", "emergency"}
_ONLY_SOME_VEHICLES = {
    "agricultural",
    "forestry",
    "delivery",
    "permit",
    "use_sidepath",
    "dismount",
    "discouraged",
}

_SPEED_BY_ZONE = {"urban": 50, "rural": 100, "living_street": 7, "bicycle_road": 30, "walk": 7}


def modes(tags: Tags) -> frozenset[str]:
    """The modes that may use the line without a permit of their own; empty if it is not in service."""
    usual = MODES_BY_HIGHWAY.get(tags["highway"])
    if usual is None:
        return frozenset()
    if tags.get("motorroad") == "yes":
        usual &= _FAST
    if tags.get("area") == "yes":
        usual -= _FAST  # the edge of a square is no lane
    return frozenset(mode for mode in _ALL if _may_use(mode, tags, mode in usual))


def _may_use(mode: str, tags: Tags, usually: bool) -> bool:
    allowed = usually
    for key in _KEYS[mode]:
        if key not in tags:
            continue
        values = {value.strip() for value in tags[key].split(";")}
        if values & _ALLOWED:
            allowed = usually or key in _OPENS[mode]
        elif values & _FORBIDDEN or (mode != "foot" and values & _ONLY_SOME_VEHICLES):
            allowed = False
    return allowed


def in_service(tags: Tags) -> bool:
    """True if the line is a way that exists and is open to somebody's passing."""
    return tags["highway"] in MODES_BY_HIGHWAY


def one_way(tags: Tags) -> OneWay:
    """Direction of vehicles along the line; roundabouts and motorways are one-way without saying so."""
    value = tags.get("oneway", "")
    if value in ("-1", "reverse"):
        return "backward"
    if value in ("yes", "true", "1"):
        return "forward"
    implied = tags.get("junction") in ("roundabout", "circular") or tags["highway"] in (
        "motorway",
        "motorway_link",
    )
    return "forward" if implied and value == "" else "no"


def max_speed_kmh(tags: Tags) -> int | None:
    """Speed limit in km/h; None where there is none or it cannot be read."""
    for key in ("maxspeed", "maxspeed:type", "source:maxspeed", "zone:traffic"):
        speed = _speed(tags.get(key, ""))
        if speed is not None or tags.get(key) == "none":
            return speed
    return None


@lru_cache(maxsize=1024)
def _speed(value: str) -> int | None:
    number = re.fullmatch(r"(\d{1,3})( ?km/h| ?mph)?", value.strip())
    if number:
        speed = round(int(number[1]) * (1.609344 if "mph" in (number[2] or "") else 1))
        return speed if 0 < speed <= 200 else None
    zone = re.fullmatch(r"(?:DE:)?(?:zone:?)?([a-z_]+|\d{2})", value.strip())
    if zone is None:
        return None
    return int(zone[1]) if zone[1].isdigit() else _SPEED_BY_ZONE.get(zone[1])


def within_built_up_area(tags: Tags) -> bool | None:
    """Inside the built-up area, as far as the kind of speed limit tells; above 70 km/h is always outside."""
    said = " ".join(
        tags.get(key, "") for key in ("zone:traffic", "maxspeed:type", "source:maxspeed", "maxspeed")
    )
    if re.search(r"DE:(rural|motorway)", said):
        return False
    if re.search(r"DE:(urban|zone|living_street|bicycle_road)", said) or tags["highway"] == "living_street":
        return True
    speed = max_speed_kmh(tags)
    return False if tags["highway"].startswith("motorway") or (speed or 0) > 70 else None


def lane_count(tags: Tags) -> int | None:
    """Number of lanes in both directions together; None where not tagged as a plain number."""
    value = tags.get("lanes", "")
    return int(value) if re.fullmatch(r"[1-9]|1[0-2]", value) else None
