"""A construction site as it is stored: what happens where, when, and what it takes from whom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from shapely.geometry.base import BaseGeometry

from geo_service.interval import Interval
from geo_service.occupations.recurrence import Recurrence
from geo_service.occupations.use_request import TrafficOrder


@dataclass(frozen=True, kw_only=True, slots=True)
class ConstructionSite:
    """Works in the street. area: EPSG:25832, valid. Widths in metres; `takes` None = read off the drawing.

    state: planned, confirmed, active, ended, cancelled. source, source_id: where it is known from and under
    which id there; together unique. site_id: the same for the same works at every save.
    case_group: of sites that belong together and are not compared; None = alone.
    recurrence: when inside the period it is there (nightly works). detour: as drawn with it, EPSG:25832.
    closed_segments: segment_ids it declares closed. accepted_on: day on which its closed dig was accepted.
    phone_24h is for the desk of the town only. town_chosen: AGS of the desk that entered it.
    filed_at: when it became known; None = when it is saved.
    area_widened: the source drew a line or a point, the area is that with a width. stated_street: as the
    source names it. street_check: agrees, disagrees, unknown: what the map says to it (street_check.py).
    """

    site_id: UUID
    title: str
    area: BaseGeometry
    period: Interval
    state: str
    source: str
    source_id: str | None = None
    case_number: str | None = None
    kind: str = "sonstige"
    utility: int | None = None
    excavation: bool = False
    start_verified: bool = False
    end_verified: bool = False
    is_public: bool = True
    restriction: str = "none"
    takes: frozenset[str] | None = None
    remaining_carriageway_m: float | None = None
    remaining_footway_m: float | None = None
    pedestrian_guidance: str | None = None
    cycle_guidance: str | None = None
    client: str | None = None
    contractor: str | None = None
    phone_24h: str | None = None
    traffic_order: TrafficOrder | None = None
    consents: frozenset[str] = frozenset()
    recurrence: Recurrence | None = None
    detour: BaseGeometry | None = None
    closed_segments: tuple[str, ...] = ()
    public_transport_affected: bool | None = None
    actual_period: Interval | None = None
    accepted_on: date | None = None
    town_chosen: str | None = None
    filed_at: datetime | None = None
    confidence: str = "unknown"
    area_widened: bool = False
    case_group: UUID | None = None
    stated_street: str | None = None
    stated_street_key: str | None = None
    street_check: str = "unknown"
    demo: bool = False
