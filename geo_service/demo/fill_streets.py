"""Brings the generated streets of the demo towns into the database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy.orm import Session

from geo_service.demo.build_streets import SOURCE, build_streets
from geo_service.demo.content import DemoTown
from geo_service.demo.plan import read_plan
from geo_service.roads.save_segments import SavedSegments, save_segments


def generate_towns(slugs: Iterable[str]) -> dict[str, DemoTown]:
    """The demo towns with their streets; the same at every call."""
    plans = [read_plan(slug) for slug in slugs]
    return {plan.slug: DemoTown(plan=plan, segments=build_streets(plan)) for plan in plans}


def fill_streets(session: Session, towns: Mapping[str, DemoTown]) -> SavedSegments:
    """Store all generated segments as an update; the session speaks as the operator."""
    return save_segments(session, [segment for town in towns.values() for segment in town.segments], SOURCE)
