"""The site plan: the area of a case among the streets, drawn from what is stored; no tiles, no other map."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Row
from sqlalchemy.orm import Session

from geo_service.as_written import Language
from geo_service.db.labels import label
from geo_service.documents.plan_drawing import draw_plan, svg_picture
from geo_service.documents.plan_window import Window, window_around
from geo_service.interval import Interval
from geo_service.mapview.credits import map_credits
from geo_service.sql.loader import statements, text

# More would hide the area and fill a second sheet with their list.
MOST_NEIGHBOURS = 12
_NAMED = statements("documents")


@dataclass(frozen=True, kw_only=True, slots=True)
class Neighbour:
    """Another use that is published, in the window and in the period; `number` stands on the plan."""

    number: int
    what: str
    reference: str | None
    period: Interval
    area: BaseGeometry


@dataclass(frozen=True, kw_only=True, slots=True)
class CrossSection:
    """The strips of a touched street from left to right, as its axis runs; widths in metres."""

    street: str
    strips: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class SitePlan:
    """A drawn plan. picture: SVG in a data address; words: what it shows, for people who do not see it."""

    picture: str
    scale: int
    words: str
    middle: tuple[float, float]
    neighbours: tuple[Neighbour, ...]
    sections: tuple[CrossSection, ...]
    road_classes: frozenset[str]
    credits: tuple[str, ...]


def draw_site_plan(
    session: Session, *, permit_id: UUID, town: str, area: BaseGeometry, period: Interval, language: Language
) -> SitePlan:
    """The plan of a case. area: EPSG:25832. Whoever speaks in `session` must see the case.

    Of others only what is published is shown.
    """
    window = window_around(area)
    streets = session.execute(text(_NAMED["plan_streets"]), window.bounds()).all()
    ground = session.execute(text(_NAMED["plan_ground"]), window.bounds()).all()
    neighbours = _neighbours(session, window, permit_id, period, language)
    touched = session.execute(text(_NAMED["plan_segments"]), {"permit_id": permit_id}).all()
    svg = draw_plan(
        window,
        area,
        ground={row.layer: shapely.from_wkb(bytes(row.shape)) for row in ground if row.shape},
        axes=[
            (row.street_name or row.road_number or "", shapely.from_wkb(bytes(row.axis))) for row in streets
        ],
        neighbours=[(one.number, one.area) for one in neighbours],
        language=language,
    )
    centre = area.centroid
    return SitePlan(
        picture=svg_picture(svg),
        scale=window.scale,
        words=_words(window, streets, neighbours, language),
        middle=(centre.x, centre.y),
        neighbours=neighbours,
        sections=_sections(touched),
        road_classes=frozenset(row.road_class for row in touched),
        credits=map_credits(session, town, language).get("roads", ()),
    )


def _neighbours(
    session: Session, window: Window, permit_id: UUID, period: Interval, language: Language
) -> tuple[Neighbour, ...]:
    asked: dict[str, float | int | UUID | datetime | None] = {
        **window.bounds(), "period_start": period.start, "period_end": period.end,
        "permit_id": permit_id, "number": MOST_NEIGHBOURS,
    }  # fmt: skip
    rows = session.execute(text(_NAMED["plan_neighbours"]), asked)
    return tuple(
        Neighbour(
            number=number,
            what=_what(row, language),
            reference=row.reference,
            period=Interval(row.period_start, row.period_end),
            area=shapely.from_wkb(bytes(row.area)),
        )
        for number, row in enumerate(rows, start=1)
    )


def _what(row: Row[Any], language: Language) -> str:
    if row.use_type:
        return label("use_type", row.use_type, language)
    if row.collection == "construction_sites" and row.kind:
        return label("kind", row.kind, language)
    if row.collection == "events" and row.kind:
        return label("event_kind", row.kind, language)
    return label("collection", row.collection, language)


def _sections(touched: list[Row[Any]] | Any) -> tuple[CrossSection, ...]:
    """One for each street whose strips are known; the pieces of one street mostly have the same."""
    found: dict[tuple[str, str], CrossSection] = {}
    for row in touched:
        if row.strips:
            street = row.street_name or row.road_number or ""
            found.setdefault((street, str(row.strips)), CrossSection(street=street, strips=tuple(row.strips)))
    return tuple(found.values())[:3]


def _words(window: Window, streets: Any, neighbours: tuple[Neighbour, ...], language: Language) -> str:
    names = ", ".join(sorted({row.street_name for row in streets if row.street_name})) or "–"
    width, height = round(window.width_m), round(window.height_m)
    if language == "en":
        return (
            f"Site plan at 1:{window.scale}, north at the top, {width} by {height} metres. "
            f"The area asked for is in the middle, outlined in red. Streets: {names}. "
            f"Other published uses: {len(neighbours)}."
        )
    return (
        f"Lageplan im Maßstab 1:{window.scale}, Norden oben, {width} mal {height} Meter. "
        f"Die beantragte Fläche liegt in der Mitte, rot umrandet. Straßen: {names}. "
        f"Andere veröffentlichte Nutzungen: {len(neighbours)}."
    )
