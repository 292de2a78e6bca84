"""What an object refers to: other things of the own town, segments; and what stands where it lies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from shapely.geometry.base import BaseGeometry
from sqlalchemy.orm import Session

from geo_service.conflicts.check import other_of_row
from geo_service.conflicts.finding import OtherObject
from geo_service.crs import ewkb
from geo_service.errors import FieldFault, Invalid
from geo_service.identity.caller import Caller
from geo_service.interval import Interval
from geo_service.sql.loader import statements, text

AT_MOST = 50


def require_of_town(session: Session, source_id: UUID, by: Caller, pointer: str) -> None:
    """Raises Invalid unless something of the own town has this id: what belongs together is not compared."""
    asked = {"source_id": source_id, "town": by.town}
    if not session.execute(text(statements("town_objects")["source_in_town"]), asked).scalar_one():
        raise _invalid(pointer, "Nothing in your town has this id.")


def require_segments(session: Session, segments: Sequence[str]) -> None:
    """Raises Invalid with the place of each that is no segment."""
    if not segments:
        return
    rows = session.execute(
        text(statements("town_objects")["unknown_segments"]), {"segments": list(segments)}
    ).scalars()
    if unknown := set(rows):
        detail = "There is no road segment with this id."
        faults = [
            FieldFault(f"/properties/closed_segments/{place}", detail)
            for place, segment in enumerate(segments)
            if segment in unknown
        ]
        raise Invalid(detail, errors=faults)


def _invalid(pointer: str, detail: str) -> Invalid:
    return Invalid(detail, errors=[FieldFault(pointer, detail)])


def list_detours_of(session: Session, belongs_to: UUID) -> list[dict[str, Any]]:
    """Id, title and state of the signed detours of a site or an event."""
    rows = session.execute(text(statements("town_objects")["detours_of"]), {"belongs_to": belongs_to})
    return [{"id": str(row.detour_id), "title": row.title, "state": row.state} for row in rows]


def list_standing_in(
    session: Session,
    place: BaseGeometry,
    period: Interval,
    *,
    recurrence: Sequence[Interval] | None = None,
) -> list[OtherObject]:
    """What stands or is planned in an area (EPSG:25832) at some time of a period; at most AT_MOST, uncut."""
    spans = None if recurrence is None else "{" + ",".join(span.to_range() for span in recurrence) + "}"
    rows = session.execute(
        text(statements("town_objects")["standing_in_place"]),
        {
            "place": ewkb(place),
            "period": period.to_range(),
            "recurrence": spans,
            "number": AT_MOST,
        },
    )
    return [found for found in map(other_of_row, rows) if found is not None]
