"""Where an area lies: which town, which streets, and what it takes of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import orjson
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Row
from sqlalchemy.orm import Session

from geo_service.crs import ewkb, ewkb_hex
from geo_service.db.prepared import prepared_rows
from geo_service.occupations.occupation import Occupation
from geo_service.occupations.parameters import general_value
from geo_service.sql.loader import statements, text

_LOCATE = statements("occupations")["locate_area"]
_LOCATE_MANY = text(
    statements("occupations")["locate_areas"].replace(
        "«locate_area»",
        statements("occupations")["locate_area"].replace("ST_GeomFromEWKB(:area)", "asked.area"),
    )
)


@dataclass(frozen=True, kw_only=True, slots=True)
class PossibleTown:
    """A town that holds a part of the area, or whose border may run nearer than it is drawn."""

    ags: str
    name: str
    accuracy_m: float
    shared_m2: float
    gap_m: float
    lead_time_days: Mapping[str, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class Street:
    """A segment in whose street the area stands; `width_known` false = what it takes cannot be said.

    from_m, to_m: the extent along the axis, metres from its start. axis_m: axis length inside the area.
    """

    gid: int
    segment_id: str
    street_name: str | None
    road_class: str
    road_number: str | None
    road_owner: str | None
    width_source: str
    width_known: bool
    modes: tuple[str, ...]
    carriageway: bool
    footway: bool
    cycleway: bool
    side: str
    from_m: float
    to_m: float
    axis_m: float
    street_key: str | None = None

    def takes(self) -> frozenset[str]:
        """What of this street is taken; a way without motor traffic is footway or cycleway as a whole."""
        if "car" in self.modes or "bus" in self.modes:
            return frozenset(
                name
                for name, is_taken in (
                    ("carriageway", self.carriageway),
                    ("footway", self.footway),
                    ("cycleway", self.cycleway),
                )
                if is_taken
            )
        ways = (("foot", "footway"), ("bicycle", "cycleway"))
        return frozenset(way for mode, way in ways if mode in self.modes)

    def row(self) -> dict[str, Any]:
        """The columns of table occupation_segment as JSON values; `gid` names the segment."""
        return {
            "gid": self.gid,
            "from_m": self.from_m,
            "to_m": self.to_m,
            "axis_m": self.axis_m,
            "side": self.side,
            "takes": sorted(self.takes()),
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Location:
    """towns: most area first. gap_m: 0 inside a town, None where no town is known.

    accuracy_m: of the border in question. border_m: distance to it from inside, None outside.
    """

    towns: tuple[PossibleTown, ...]
    gap_m: float | None
    accuracy_m: float
    border_m: float | None
    streets: tuple[Street, ...]

    def town(self, chosen: str | None = None) -> str | None:
        """AGS of the town that holds most of the area; the chosen one if it is possible too."""
        possible = [town.ags for town in self.towns]
        if chosen in possible:
            return chosen
        return possible[0] if possible else None

    def lead_time_days(self, town: str | None, use_type: str | None) -> int | None:
        """The lead time that a town has set for a use, None where it has not."""
        own = (possible.lead_time_days.get(use_type or "") for possible in self.towns if possible.ags == town)
        return next(own, None)

    def takes(self) -> frozenset[str] | None:
        """What the area takes of all streets together; None when a width is not known.

        No street touched gives the empty set: away from every known street nothing of a street can be taken,
        and "unknown" there would ask the clerk about every stand on a square.
        """
        if any(not street.width_known and "car" in street.modes for street in self.streets):
            return None
        return frozenset().union(*(street.takes() for street in self.streets))


NOWHERE = Location(towns=(), gap_m=None, accuracy_m=0.0, border_m=None, streets=())


def locate(session: Session, area: BaseGeometry | None, *, day: date) -> Location:
    """Towns and streets of an area in EPSG:25832, with the drawing noise in force on `day`."""
    if area is None:
        return NOWHERE
    (row,) = prepared_rows(session, _LOCATE, locate_binds(area, day))
    return location_of_row(row)


def locate_binds(area: BaseGeometry | None, day: date) -> dict[str, Any]:
    """What the statement `locate_area` asks for."""
    return {
        "area": ewkb(area),
        "noise_m2": general_value("overlap_noise_m2", day),
    }


def locate_many(session: Session, areas: Sequence[BaseGeometry], *, day: date) -> list[Location]:
    """The same for many areas at once, in their order."""
    asked = [
        {
            "number": number,
            "area": ewkb_hex(area),
        }
        for number, area in enumerate(areas)
    ]
    rows = session.execute(
        _LOCATE_MANY,
        {"areas": orjson.dumps(asked).decode(), "noise_m2": general_value("overlap_noise_m2", day)},
    )
    found = {row.number: location_of_row(row) for row in rows}
    return [found[number] for number in range(len(areas))]


def location_of_row(row: Row[Any]) -> Location:
    """A row of `locate_area`, or of a statement with its columns."""
    towns = tuple(PossibleTown(**town) for town in row.towns or ())
    nearest = row.nearest or {}
    inside = bool(towns) and towns[0].shared_m2 > 0
    return Location(
        towns=towns,
        gap_m=0.0 if inside else nearest.get("gap_m"),
        accuracy_m=towns[0].accuracy_m if inside else nearest.get("accuracy_m", 0.0),
        border_m=row.border_m,
        streets=tuple(Street(**{**street, "modes": tuple(street["modes"])}) for street in row.streets or ()),
    )


def located(occupation: Occupation, location: Location) -> Occupation:
    """`occupation` with its town and, where they were not stated, what it takes."""
    derive = occupation.takes is None or occupation.takes_derived
    return replace(
        occupation,
        town=location.town(occupation.town_chosen) if occupation.area is not None else occupation.town,
        takes=_derived(occupation, location) if derive and occupation.area is not None else occupation.takes,
        takes_derived=derive and occupation.area is not None,
    )


# What a stated restriction takes, for where no street is known that the drawing could be compared with.
_CLOSED_BY = {
    "footway_closure": "footway",
    "cycleway_closure": "cycleway",
    "parking_closure": "parking",
}


def _derived(occupation: Occupation, location: Location) -> frozenset[str] | None:
    if location.streets or occupation.restriction == "none":
        return location.takes()
    return frozenset((_CLOSED_BY.get(occupation.restriction, "carriageway"),))
