"""Brings the generated streets of the demo towns into the database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import shapely
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo_service.demo.build_streets import SOURCE, build_streets
from geo_service.demo.content import DemoTown
from geo_service.demo.plan import read_plan
from geo_service.roads.save_segments import SavedSegments, save_segments
from geo_service.sql.loader import statements


def generate_towns(session: Session, slugs: Iterable[str]) -> dict[str, DemoTown]:
    """The demo towns with their streets, grown inside the borders that are stored."""
    return {slug: _generate(session, slug) for slug in slugs}


def _generate(session: Session, slug: str) -> DemoTown:
    plan = read_plan(slug)
    rows = session.execute(text(statements("demo")["list_borders"]), {"town": plan.town})
    borders = [shapely.from_wkb(bytes(row.border)) for row in rows]
    return DemoTown(plan=plan, segments=build_streets(plan, borders))


def fill_streets(session: Session, towns: Mapping[str, DemoTown]) -> SavedSegments:
    """Store all generated segments as an update; the session speaks as the operator."""
    return save_segments(session, [segment for town in towns.values() for segment in town.segments], SOURCE)
