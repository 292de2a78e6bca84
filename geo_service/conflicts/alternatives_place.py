"""The nearest other place along the same street where a request would not be blocked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import orjson
import shapely
from shapely.geometry.base import BaseGeometry

from geo_service.conflicts.check import CheckQuestion
from geo_service.conflicts.free_candidates import Search
from geo_service.crs import TOWN_SRID, to_lonlat
from geo_service.errors import BadGeometry
from geo_service.interval import TOWN_ZONE
from geo_service.occupations.incoming_geometry import read_geometry
from geo_service.occupations.locate import Location, locate_many, located
from geo_service.roads.street_axis import AxisPiece, StreetAxis, join_axis
from geo_service.sql.loader import statements, text

_STREET = text(statements("alternatives")["street_around"])
_DECIMALS = 8  # of a degree: a millimetre, as the page draws


@dataclass(frozen=True, slots=True)
class AlternativePlace:
    """geometry: GeoJSON in CRS84, checked as it is told. shift_m: along the axis, greater than 0."""

    geometry: dict[str, Any]
    shift_m: float


def find_place(
    search: Search, question: CheckQuestion, *, reach_m: float, step_m: float
) -> AlternativePlace | None:
    """The nearest free place along the street, at most reach_m away in steps of step_m.

    The reference point is the centroid of the shape, its station the nearest place on the axis of its segment
    (`street_around` says which street that is, `join_axis` how its segments are joined). Candidates are the
    shape moved to the stations step_m, 2 step_m, … lower and higher (`StreetAxis.moved`), as far as the axis
    goes: the nearer first, of two equally near the lower station. None where nothing is free, or where the
    shape stands in no street. Raises OutOfTime.
    """
    area = question.mine.area
    if area is None or step_m <= 0:
        return None
    centroid = shapely.set_srid(area.centroid, TOWN_SRID)
    axis = _street_axis(search, question.location, centroid, reach_m)
    if axis is None:
        return None
    station_m = axis.station_of(centroid)
    steps = int(reach_m / step_m + 1e-9)
    shifts = [
        side * number * step_m
        for number in range(1, steps + 1)
        for side in (-1, 1)
        if 0 <= station_m + side * number * step_m <= axis.length_m
    ]
    sent: dict[float, dict[str, Any]] = {}

    def moved(some: Sequence[float]) -> Mapping[float, CheckQuestion]:
        sent.update((shift, _sent(axis.moved(area, station_m, station_m + shift))) for shift in some)
        return _elsewhere(search, question, {shift: sent[shift] for shift in some})

    found = search.first_free(shifts, moved)
    return None if found is None else AlternativePlace(sent[found[0]], round(abs(found[0]), 6))


def _street_axis(
    search: Search, location: Location, place: BaseGeometry, reach_m: float
) -> StreetAxis | None:
    rows = search.session.execute(
        _STREET,
        {
            "segments": [street.gid for street in location.streets],
            "place": shapely.to_wkb(place, include_srid=True),
            "reach_m": reach_m,
        },
    ).all()
    pieces = {
        row.segment_id: AxisPiece(
            segment_id=row.segment_id,
            axis=shapely.from_wkb(bytes(row.axis)),
            start_node=row.start_node,
            end_node=row.end_node,
        )
        for row in rows
    }
    home = next((pieces[row.segment_id] for row in rows if row.is_home), None)
    return None if home is None else join_axis(home, list(pieces.values()), extend_m=reach_m)


def _sent(area: BaseGeometry) -> dict[str, Any]:
    """The area as GeoJSON in CRS84, as it is told and comes back."""
    rounded = shapely.transform(to_lonlat(area), lambda at: at.round(_DECIMALS))
    return cast(dict[str, Any], orjson.loads(shapely.to_geojson(rounded)))


def _elsewhere(
    search: Search, question: CheckQuestion, sent: Mapping[float, dict[str, Any]]
) -> Mapping[float, CheckQuestion]:
    """The question at other places, with the towns and streets there."""
    areas = {}
    for shift, geometry in sent.items():
        try:
            areas[shift] = read_geometry(geometry, pointer="/geometry")
        except BadGeometry:  # it was at the very limit of what is accepted, or rounding broke it
            continue
    day = search.as_of.astimezone(TOWN_ZONE).date()
    places = locate_many(search.session, list(areas.values()), day=day)
    return {
        shift: replace(
            question,
            location=place,
            mine=located(replace(question.mine, area=area, area_m2=area.area), place),
        )
        for (shift, area), place in zip(areas.items(), places, strict=True)
    }
