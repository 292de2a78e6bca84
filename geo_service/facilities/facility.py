"""A facility that works in the street must spare, before it is a row; and the lines that buses drive."""

from __future__ import annotations

from dataclasses import dataclass, replace

import shapely
from shapely.geometry.base import BaseGeometry


@dataclass(frozen=True, kw_only=True, slots=True)
class Facility:
    """School, hospital, stop, hydrant, … or an area of the fire brigade.

    kind: as in data/codes.yaml, list facility_kind (or fire_area_kind). place: EPSG:25832, point, line or
    area, not empty. source_id: unique in its source and the same at every import.
    """

    kind: str
    place: BaseGeometry
    source_id: str
    name: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class BusRoute:
    """A bus line in one direction. road_lines: source ids of the road lines it drives on, in order."""

    source_id: str
    road_lines: tuple[str, ...]
    line_number: str | None = None
    name: str | None = None
    operator: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class FacilityFile:
    """What one file holds. left_out: how many could not be used, by reason."""

    name: str
    source: str
    facilities: tuple[Facility, ...]
    fire_areas: tuple[Facility, ...]
    routes: tuple[BusRoute, ...]
    left_out: dict[str, int]

    def within(self, box: tuple[float, float, float, float]) -> FacilityFile:
        """The places that touch a rectangle (west, south, east, north; EPSG:25832); every bus route stays."""
        wanted = shapely.box(*box)
        return replace(
            self,
            facilities=tuple(each for each in self.facilities if each.place.intersects(wanted)),
            fire_areas=tuple(each for each in self.fire_areas if each.place.intersects(wanted)),
        )
