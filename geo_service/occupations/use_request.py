"""What somebody asks for: a use of the street, not stored yet."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid4

from shapely.geometry.base import BaseGeometry

from geo_service.interval import Interval
from geo_service.occupations.occupation import Occupation
from geo_service.occupations.recurrence import Recurrence, expand
from geo_service.occupations.states import standing_of
from geo_service.occupations.use_types import use_types


@dataclass(frozen=True, kw_only=True, slots=True)
class TrafficOrder:
    """A traffic order (VRA, StVO § 45 (6)) as stated by the applicant or entered by a clerk."""

    period: Interval
    number: str | None = None
    authority: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class UseRequest:
    """One use as asked for. area, detour: EPSG:25832. Lengths in metres.

    `takes` None: to be read off the drawing. `town`: the applicant's choice where two are possible.
    """

    use_type: str
    period: Interval
    area: BaseGeometry
    recurrence: Recurrence | None = None
    restriction: str = "none"
    takes: frozenset[str] | None = None
    excavation: bool = False
    height_from_m: float | None = None
    height_to_m: float | None = None
    area_declared_m2: float | None = None
    frontage_m: float | None = None
    count: int | None = None
    zone: str | None = None
    commercial: bool | None = None
    charitable: bool | None = None
    remaining_carriageway_m: float | None = None
    remaining_footway_m: float | None = None
    pedestrian_guidance: str | None = None
    cycle_guidance: str | None = None
    detour: BaseGeometry | None = None
    closed_segments: tuple[str, ...] = ()
    traffic_order: TrafficOrder | None = None
    consents: frozenset[str] = frozenset()
    town: str | None = None
    address_text: str | None = None
    urgent_reason: str | None = None
    language: str = "de"
    alternatives: bool = False
    instead_of: str | None = None
    case_group: UUID | None = None

    @property
    def area_m2(self) -> float:
        """Area as drawn, in the plane of EPSG:25832."""
        return float(self.area.area)


def occupation_of(
    request: UseRequest,
    *,
    filed_at: datetime,
    source_id: UUID | None = None,
    state: str = "submitted",
    reference: str | None = None,
) -> Occupation:
    """The space-time fact of a request in `state`; town and derived `takes` are still to be located.

    Without `source_id` it is a request that is not stored. `demo` is set by dataclasses.replace where needed.
    """
    use = use_types()[request.use_type]
    standing = standing_of("permits", state)
    own_id = source_id or uuid4()
    order = request.traffic_order
    return Occupation(
        collection="permits",
        source_id=own_id,
        case_group=request.case_group or own_id,
        state=state,
        counts=standing.counts,
        binding=standing.binding,
        published=standing.published,
        period=replace(request.period, end=None) if standing.open_ended else request.period,
        recurrence=(
            None
            if request.recurrence is None or standing.open_ended
            else expand(request.recurrence, request.period)
        ),
        exclusive=use.exclusive,
        filed_at=filed_at,
        town_chosen=request.town,
        reference=reference,
        label=use.de,
        use_type=use.code,
        area=request.area,
        area_m2=request.area_m2,
        area_declared_m2=request.area_declared_m2,
        detour=request.detour,
        height_from_m=request.height_from_m,
        height_to_m=request.height_to_m,
        excavation=request.excavation or use.digs,
        restriction=request.restriction,
        takes=request.takes,
        remaining_carriageway_m=request.remaining_carriageway_m,
        remaining_footway_m=request.remaining_footway_m,
        pedestrian_guidance=request.pedestrian_guidance,
        cycle_guidance=request.cycle_guidance,
        consents=request.consents,
        closed_segments=request.closed_segments,
        traffic_order_period=None if order is None else order.period,
    )
