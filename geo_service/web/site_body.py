"""A construction site as a clerk states it, and as it is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID, uuid4

from pydantic import Field, StringConstraints

from geo_service.construction.site import ConstructionSite
from geo_service.interval import Interval
from geo_service.occupations.states import DESK
from geo_service.permits.permit_document import instant
from geo_service.town_objects.kind import Kept
from geo_service.towns.town import Town
from geo_service.web.object_body import (
    Faults,
    Line,
    ObjectFeature,
    State,
    Title,
    area_of,
    line_of,
    order_of,
    recurrence_of,
)
from geo_service.web.object_words import order_words, period_words
from geo_service.web.override_body import StatedOverrides
from geo_service.web.period_body import PeriodProperties, bad_period
from geo_service.web.use_request import (
    Guidance,
    Metres,
    RecurrenceBody,
    Restriction,
    Takes,
    TrafficOrderBody,
    Width,
)

SiteKind = Literal[
    "strassenbau", "deckenerneuerung", "leitungsbau", "hausanschluss", "hochbau", "bruecke", "verkehrsanlage",
    "gruen", "sonstige",
]  # fmt: skip
Consents = Annotated[list[Literal["road_owner", "fire_brigade"]], Field(max_length=20, default_factory=list)]
Segments = Annotated[list[str], Field(max_length=200, default_factory=list)]
Phone = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[0-9+][0-9 ()/+-]{3,40}$")]


class SiteProperties(PeriodProperties):
    """A site and its period; without `until` and `end` its end is not known. phone_24h is never published."""

    title: Title
    state: State = "planned"
    overrides: StatedOverrides
    case_number: Line | None = None
    kind: SiteKind = "sonstige"
    utility: Literal[1000, 2000, 3000, 4000, 5000, 6000, 9999] | None = None
    excavation: bool = False
    recurrence: RecurrenceBody | None = None
    start_verified: bool = False
    end_verified: bool = False
    actual_from: date | None = None
    actual_until: date | None = None
    is_public: bool = True
    restriction: Restriction = "none"
    takes: list[Takes] | None = None
    remaining_carriageway_m: Width | None = None
    remaining_footway_m: Width | None = None
    pedestrian_guidance: Guidance | None = None
    cycle_guidance: Guidance | None = None
    detour: dict[str, Any] | None = None
    closed_segments: Segments
    traffic_order: TrafficOrderBody | None = None
    consents: Consents
    client: Line | None = None
    contractor: Line | None = None
    phone_24h: Phone | None = None
    public_transport_affected: bool | None = None
    confidence: Literal["verified", "estimated", "unknown"] = "unknown"
    accepted_on: date | None = None
    case_group: UUID | None = None
    length_m: Metres | None = None
    depth_m: Metres | None = None

    def actual_period(self) -> Interval | None:
        """When it really began and ended. Raises BadInterval with pointers."""
        if self.actual_from is None:
            if self.actual_until is not None:
                raise bad_period("/properties/actual_from", "The first actual day is missing.")
            return None
        if self.actual_until is not None and self.actual_until < self.actual_from:
            raise bad_period("/properties/actual_until", "The last day lies before the first day.")
        return Interval.of_days(self.actual_from, self.actual_until)


_AS_STATED = (
    "title", "state", "case_number", "kind", "utility", "excavation", "start_verified", "end_verified",
    "is_public", "restriction", "remaining_carriageway_m", "remaining_footway_m", "pedestrian_guidance",
    "cycle_guidance", "client", "contractor", "phone_24h", "public_transport_affected", "confidence",
    "accepted_on", "case_group",
)  # fmt: skip


class SiteFeature(ObjectFeature[SiteProperties]):
    """A site as a Feature."""

    def to_object(self, town: Town, kept: Kept[ConstructionSite] | None) -> ConstructionSite:
        """The site in EPSG:25832; what no client states (source, first filing) stays. Raises Invalid."""
        stated, faults, before = self.properties, Faults(), kept.object if kept else None
        drawn = None if before is None else before.area
        period = faults.read(lambda: stated.period(open_end=True))
        area = faults.read(lambda: area_of(self.geometry, stated, drawn))
        recurrence = faults.read(lambda: recurrence_of(stated.recurrence, period))
        detour = faults.read(lambda: line_of(stated.detour, "/properties/detour"))
        order = faults.read(lambda: order_of(stated.traffic_order))
        actual = faults.read(stated.actual_period)
        faults.refuse()
        assert period is not None and area is not None
        if before is None:
            before = ConstructionSite(
                site_id=uuid4(), title="", area=area, period=period, state="planned", source=DESK,
                town_chosen=town.ags, demo=town.demo,
            )  # fmt: skip
        return replace(
            before,
            **{name: getattr(stated, name) for name in _AS_STATED},
            area=area,
            area_widened=self.geometry is not None and "Polygon" not in str(self.geometry.get("type")),
            period=period,
            recurrence=recurrence,
            detour=detour,
            closed_segments=tuple(stated.closed_segments),
            traffic_order=order,
            consents=frozenset(stated.consents),
            actual_period=actual,
            takes=None if stated.takes is None else frozenset(stated.takes),
        )


_TOLD = (
    "case_number", "kind", "utility", "excavation", "start_verified", "end_verified", "is_public",
    "restriction", "remaining_carriageway_m", "remaining_footway_m", "pedestrian_guidance", "cycle_guidance",
    "client", "contractor", "phone_24h", "public_transport_affected", "confidence", "source", "source_id",
    "area_widened", "stated_street", "street_check", "demo",
)  # fmt: skip


def site_words(site: ConstructionSite) -> dict[str, Any]:
    """The properties of a site, for the desk of its town."""
    actual = site.actual_period
    last = None if actual is None else actual.last_day()
    return {
        "title": site.title,
        **{name: getattr(site, name) for name in _TOLD},
        **period_words(site.period, site.recurrence),
        "actual_from": None if actual is None else actual.first_day().isoformat(),
        "actual_until": None if last is None else last.isoformat(),
        "accepted_on": None if site.accepted_on is None else site.accepted_on.isoformat(),
        "takes": None if site.takes is None else sorted(site.takes),
        **order_words(site.detour, site.closed_segments, site.traffic_order, site.consents),
        "case_group": None if site.case_group in (None, site.site_id) else str(site.case_group),
        "filed_at": instant(site.filed_at),
    }
