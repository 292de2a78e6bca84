"""The space-time fact that everything in the street shares, before it is a row."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shapely.geometry.base import BaseGeometry

from geo_service.interval import Interval


@dataclass(frozen=True, kw_only=True, slots=True)
class Occupation:
    """One occupation as the conflict rules see it; not stored while `occupation_id` is None.

    area, detour, traffic_order_area: EPSG:25832. period: half-open, aware. Widths and heights in metres.
    `takes` None means not known; `takes_derived` says it was read off the drawing. `closed_segments`:
    segment_ids that are declared closed, beside what a full closure covers. `detour_modes`: whom the
    detour is for. `detour_segments` (gid, in driving order) and `detour_unmatched` (the parts on no
    known street) follow from the drawn detour (match_detour.py).
    """

    collection: str
    source_id: UUID
    case_group: UUID
    state: str
    counts: bool
    binding: bool
    published: bool
    period: Interval
    exclusive: bool
    filed_at: datetime
    occupation_id: int | None = None
    town: str | None = None
    town_chosen: str | None = None
    reference: str | None = None
    label: str | None = None
    use_type: str | None = None
    kind: str | None = None
    area: BaseGeometry | None = None
    area_m2: float | None = None
    area_declared_m2: float | None = None
    detour: BaseGeometry | None = None
    height_from_m: float | None = None
    height_to_m: float | None = None
    recurrence: tuple[Interval, ...] | None = None
    excavation: bool = False
    restriction: str = "none"
    takes: frozenset[str] | None = None
    takes_derived: bool = False
    remaining_carriageway_m: float | None = None
    remaining_footway_m: float | None = None
    pedestrian_guidance: str | None = None
    cycle_guidance: str | None = None
    consents: frozenset[str] = frozenset()
    traffic_order_period: Interval | None = None
    traffic_order_area: BaseGeometry | None = None
    utility: int | None = None
    party: UUID | None = None
    closed_segments: tuple[str, ...] = ()
    detour_modes: frozenset[str] = frozenset({"car"})
    detour_segments: tuple[int, ...] | None = None
    detour_unmatched: BaseGeometry | None = None
    detour_unmatched_m: float | None = None
    demo: bool = False
