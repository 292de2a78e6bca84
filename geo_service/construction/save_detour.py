"""Stores a signed diversion route together with its occupation, in the caller's transaction."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from shapely.geometry.base import BaseGeometry
from sqlalchemy.orm import Session

from geo_service.conflicts.check import CheckResult
from geo_service.conflicts.override import NO_OVERRIDES, Overrides
from geo_service.conflicts.refuse_blocked import save_with_findings
from geo_service.interval import Interval
from geo_service.occupations.occupation import Occupation
from geo_service.occupations.stated_facts import hex_of
from geo_service.occupations.states import standing_of
from geo_service.sql.loader import statements, text


@dataclass(frozen=True, kw_only=True, slots=True)
class Detour:
    """A way around a closure. way: LineString or MultiLineString, EPSG:25832; it may cross town borders.

    town: AGS of the town that signs it, None = nobody's of this service. belongs_to: the site, event or
    permit that needs it; the two are not compared with each other. state: as of a site. filed_at: when it
    became known; None = when it is saved.
    """

    detour_id: UUID
    title: str
    way: BaseGeometry
    period: Interval
    state: str
    source: str
    town: str | None = None
    source_id: str | None = None
    modes: frozenset[str] = frozenset({"car"})
    belongs_to: UUID | None = None
    filed_at: datetime | None = None
    demo: bool = False


def save_detour(
    session: Session, detour: Detour, *, as_of: datetime, overrides: Overrides = NO_OVERRIDES
) -> CheckResult:
    """Insert or update a detour by its id. Raises BlockedByFindings (409) like `save_site`."""
    mine = detour_occupation(detour, as_of)
    if detour.belongs_to is not None:  # which may itself belong to something
        asked = {"source_id": detour.belongs_to}
        group = session.execute(
            text(statements("construction")["group_of_source"]), asked
        ).scalar_one_or_none()
        mine = replace(mine, case_group=group or detour.belongs_to)
    occupation_id, result = save_with_findings(session, mine, as_of=as_of, overrides=overrides)
    session.execute(
        text(statements("construction")["save_detour"]),
        {"row": orjson.dumps(detour_columns(detour)).decode(), "occupation_id": occupation_id},
    )
    return result


def detour_occupation(detour: Detour, as_of: datetime) -> Occupation:
    """What the detour claims of the streets it is led through."""
    standing = standing_of("detours", detour.state)
    return Occupation(
        collection="detours",
        source_id=detour.detour_id,
        case_group=detour.belongs_to or detour.detour_id,
        state=detour.state,
        counts=standing.counts,
        binding=standing.binding,
        published=standing.published,
        period=detour.period,
        exclusive=False,
        filed_at=detour.filed_at or as_of,
        town=detour.town,
        label=detour.title,
        detour=detour.way,
        detour_modes=detour.modes,
        demo=detour.demo,
    )


def detour_columns(detour: Detour) -> dict[str, Any]:
    """Columns of table detour as JSON values."""
    return {
        **{name: getattr(detour, name) for name in ("town", "title", "state", "source", "source_id", "demo")},
        "detour_id": str(detour.detour_id),
        "way": hex_of(detour.way),
        "modes": sorted(detour.modes),
        "period": detour.period.to_range(),
        "belongs_to": None if detour.belongs_to is None else str(detour.belongs_to),
    }
