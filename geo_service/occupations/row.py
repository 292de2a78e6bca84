"""An occupation as a row: the JSON object that `jsonb_populate_record` reads, and back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy.orm import Session

from geo_service.db.prepared import prepared_rows
from geo_service.errors import NotFound
from geo_service.interval import Interval
from geo_service.occupations.occupation import Occupation
from geo_service.occupations.stated_facts import hex_of
from geo_service.sql.loader import statements

_SAME = (
    "occupation_id", "town", "collection", "reference", "label", "state", "counts", "binding", "published",
    "use_type", "kind", "height_from_m", "height_to_m", "exclusive", "excavation", "restriction",
    "takes_derived",
    "remaining_carriageway_m", "remaining_footway_m", "pedestrian_guidance", "cycle_guidance", "area_m2",
    "area_declared_m2", "utility", "town_chosen", "detour_unmatched_m", "demo",
)  # fmt: skip
_GET = statements("occupations")["get_occupation"]
_GET_MANY = _GET.replace(
    "occupation_id = :occupation_id",
    "occupation_id = ANY(CAST(:occupations AS bigint[])) ORDER BY occupation_id",
)


def occupation_row(occupation: Occupation) -> dict[str, Any]:
    """Columns of table occupation as JSON values: geometries as hex EWKB, ranges as their literals."""
    spans = occupation.recurrence
    order = occupation.traffic_order_period
    return {
        **{name: getattr(occupation, name) for name in _SAME},
        "source_id": str(occupation.source_id),
        "case_group": str(occupation.case_group),
        "area": hex_of(occupation.area),
        "detour": hex_of(occupation.detour),
        "traffic_order_area": hex_of(occupation.traffic_order_area),
        "period": occupation.period.to_range(),
        "end_known": occupation.period.end is not None,
        "recurrence": None if spans is None else "{" + ",".join(span.to_range() for span in spans) + "}",
        "filed_at": occupation.filed_at.astimezone(UTC).isoformat(),
        "takes": None if occupation.takes is None else sorted(occupation.takes),
        "consents": sorted(occupation.consents),
        "closed_segments": list(occupation.closed_segments),
        "detour_modes": sorted(occupation.detour_modes),
        "detour_segments": None if occupation.detour_segments is None else list(occupation.detour_segments),
        "detour_unmatched": hex_of(occupation.detour_unmatched),
        "traffic_order_period": None if order is None else order.to_range(),
        "party": None if occupation.party is None else str(occupation.party),
    }


def get_occupation(session: Session, occupation_id: int) -> Occupation:
    """The stored occupation. Raises NotFound."""
    rows = prepared_rows(session, _GET, {"occupation_id": occupation_id})
    if not rows:
        raise NotFound(f"There is no occupation {occupation_id}.")
    return occupation_of_row(rows[0])


def get_occupations(session: Session, occupation_ids: Sequence[int]) -> list[Occupation]:
    """Those of the stored occupations that are still there, by id."""
    rows = prepared_rows(session, _GET_MANY, {"occupations": list(occupation_ids)})
    return [occupation_of_row(row) for row in rows]


def occupation_of_row(row: Any) -> Occupation:
    """A row of `get_occupation`, or of a statement with its columns."""
    return Occupation(
        **{name: getattr(row, name) for name in _SAME},
        source_id=row.source_id,
        case_group=row.case_group,
        area=_shape(row.area),
        detour=_shape(row.detour),
        traffic_order_area=_shape(row.traffic_order_area),
        period=Interval(row.period_start, row.period_end),
        recurrence=_spans(row.recurrence),
        filed_at=row.filed_at,
        takes=None if row.takes is None else frozenset(row.takes),
        consents=frozenset(row.consents),
        closed_segments=tuple(row.closed_segments),
        detour_modes=frozenset(row.detour_modes),
        detour_segments=None if row.detour_segments is None else tuple(row.detour_segments),
        detour_unmatched=_shape(row.detour_unmatched),
        traffic_order_period=None if row.order_start is None else Interval(row.order_start, row.order_end),
        party=row.party,
    )


def _shape(ewkb: bytes | None) -> BaseGeometry | None:
    return None if ewkb is None else shapely.from_wkb(bytes(ewkb))


def _spans(bounds: Sequence[Sequence[datetime]] | None) -> tuple[Interval, ...] | None:
    return None if bounds is None else tuple(Interval(start, end) for start, end in bounds)
