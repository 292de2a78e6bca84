"""What the generated streets of a town grow from: data/demo/<slug>.yaml and kinds.yaml."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml
from shapely import LineString, Polygon
from shapely.geometry.base import BaseGeometry

from geo_service.crs import to_town
from geo_service.demo.curves import rounded_outline, through_points
from geo_service.errors import SetupError
from geo_service.packed import data_folder
from geo_service.roads.segment import RoadClass, WidthSource


@dataclass(frozen=True, kw_only=True, slots=True)
class StreetKind:
    """Class and cross-section of a generated street; widths in metres, the footway of each side."""

    road_class: RoadClass
    highway: str
    road_owner: str
    carriageway_m: float
    footway_m: float
    max_speed_kmh: int
    modes: frozenset[str]
    built_up: bool
    functions: frozenset[str]
    width_source: WidthSource


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedRoad:
    """A real road by name and rough course, EPSG:25832."""

    name: str
    kind: str
    course: LineString
    number: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Quarter:
    """A built-up quarter to be filled with streets; blocks of about `block_m2` remain between them."""

    name: str
    kind: str
    outline: Polygon
    block_m2: float
    names: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class TownPlan:
    """Everything that is stated of one town; the rest is generated."""

    slug: str
    town: str
    roads: tuple[PlannedRoad, ...]
    barriers: tuple[LineString, ...]
    quarters: tuple[Quarter, ...]


@cache
def street_kinds() -> dict[str, StreetKind]:
    """All kinds by name."""
    return {name: _kind(stated) for name, stated in _document("kinds").items()}


def _kind(stated: dict[str, Any]) -> StreetKind:
    sets: dict[str, Any] = {name: frozenset(stated[name]) for name in ("modes", "functions")}
    return StreetKind(**{**stated, **sets})


def read_plan(slug: str) -> TownPlan:
    """The plan of one town. Raises SetupError when the file is missing or faulty."""
    document = _document(slug)
    try:
        return TownPlan(
            slug=slug,
            town=document["town"],
            roads=tuple(
                PlannedRoad(**{**road, "course": through_points(_line(road["course"]))})
                for road in document["roads"]
            ),
            barriers=tuple(_line(course) for course in document["barriers"]),
            quarters=tuple(
                Quarter(
                    **{
                        **quarter,
                        "outline": rounded_outline(_to_town(Polygon(quarter["outline"]))),
                        "names": tuple(quarter["names"]),
                    }
                )
                for quarter in document["quarters"]
            ),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise SetupError(f"data/demo/{slug}.yaml is faulty: {error}") from error


def _document(name: str) -> dict[str, Any]:
    path = data_folder() / "demo" / f"{name}.yaml"
    if not path.is_file():
        raise SetupError(f"There is no demo data at {path}.")
    document: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return document


def _line(lonlat: list[list[float]]) -> LineString:
    line = _to_town(LineString(lonlat))
    assert isinstance(line, LineString)
    return line


def _to_town(geometry: BaseGeometry) -> BaseGeometry:
    return to_town(geometry)
