"""What happens in the demo towns, from data/demo/content.yaml: sites, an event, a detour, places, cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID, uuid5

import yaml

from geo_service.construction.save_detour import Detour
from geo_service.construction.site import ConstructionSite
from geo_service.demo.places import area_of, route_of, streets_around
from geo_service.demo.plan import TownPlan
from geo_service.events.save_event import Event
from geo_service.interval import Interval
from geo_service.occupations.use_request import TrafficOrder, UseRequest
from geo_service.packed import data_folder
from geo_service.permits.applicant import Applicant
from geo_service.permits.permit_request import PermitRequest
from geo_service.roads.segment import Segment
from geo_service.zones.blackout import Blackout
from geo_service.zones.fire_area import FireArea
from geo_service.zones.no_dig_period import NoDigPeriod

_IDS = UUID("6b0c8a52-2f0e-4f0a-9d57-6f1f8f5f4d10")
_SITE_FIELDS = (
    "title", "kind", "utility", "excavation", "restriction", "remaining_carriageway_m", "client",
    "pedestrian_guidance", "remaining_footway_m",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class DemoTown:
    """A demo town with its streets as generated."""

    plan: TownPlan
    segments: Sequence[Segment]


@dataclass(frozen=True, kw_only=True, slots=True)
class DemoCase:
    """A request, when it was filed, and the state it is to reach."""

    town: str
    request: PermitRequest
    filed_at: datetime
    to: str
    reason: str | None


@cache
def document() -> dict[str, list[dict[str, Any]]]:
    """content.yaml as read."""
    loaded: dict[str, list[dict[str, Any]]] = yaml.safe_load(
        (data_folder() / "demo" / "content.yaml").read_text(encoding="utf-8")
    )
    return loaded


def sites(towns: Mapping[str, DemoTown], day: date) -> list[ConstructionSite]:
    """Construction sites, with the same ids at every call."""
    return [
        ConstructionSite(
            site_id=_id(entry["key"]),
            area=area_of(entry["place"], towns[entry["town"]].segments),
            period=_period(entry, day),
            state=entry["state"],
            source="demo",
            source_id=entry["key"],
            start_verified=entry["state"] in ("active", "ended"),
            traffic_order=None if entry["state"] == "planned" else TrafficOrder(period=_period(entry, day)),
            confidence="verified",
            demo=True,
            **{name: entry[name] for name in _SITE_FIELDS if name in entry},
        )
        for entry in document()["sites"]
    ]


def events(towns: Mapping[str, DemoTown], day: date) -> list[Event]:
    """Events, with the same ids at every call."""
    return [
        Event(
            event_id=_id(entry["key"]),
            title=entry["title"],
            kind=entry["kind"],
            area=streets_around(entry, towns[entry["town"]].segments),
            period=_period(entry, day),
            state=entry["state"],
            restriction=entry["restriction"],
            consents=frozenset(entry.get("consents", ())),
            source="demo",
            source_id=entry["key"],
            traffic_order=TrafficOrder(period=_period(entry, day)),
            demo=True,
        )
        for entry in document()["events"]
    ]


def detours(towns: Mapping[str, DemoTown], day: date) -> list[Detour]:
    """Detours, with the same ids at every call."""
    return [
        Detour(
            detour_id=_id(entry["key"]),
            title=entry["title"],
            way=route_of(entry["legs"], towns[entry["town"]].plan),
            period=_period(entry, day),
            state=entry["state"],
            town=towns[entry["town"]].plan.town,
            source="demo",
            source_id=entry["key"],
            belongs_to=_id(entry["belongs_to"]),
            demo=True,
        )
        for entry in document()["detours"]
    ]


def blackouts(towns: Mapping[str, DemoTown], day: date) -> list[Blackout]:
    """Blackouts, with the same ids at every call."""
    return [
        Blackout(
            blackout_id=_id(entry["key"]),
            town=towns[entry["town"]].plan.town,
            title=entry["title"],
            area=area_of(entry["place"], towns[entry["town"]].segments),
            period=_period(entry, day),
            refuses=tuple(entry["refuses"]),
            demo=True,
        )
        for entry in document()["blackouts"]
    ]


def no_dig_periods(towns: Mapping[str, DemoTown], day: date) -> list[NoDigPeriod]:
    """No-dig periods, with the same ids at every call."""
    return [
        NoDigPeriod(
            no_dig_period_id=_id(entry["key"]),
            town=towns[entry["town"]].plan.town,
            title=entry["title"],
            area=area_of(entry["place"], towns[entry["town"]].segments),
            period=_period(entry, day),
            source="demo",
        )
        for entry in document()["no_dig_periods"]
    ]


def fire_areas(towns: Mapping[str, DemoTown]) -> list[FireArea]:
    """Areas of the fire brigade, with the same ids at every call."""
    return [
        FireArea(
            object_id=_id(entry["key"]),
            town=towns[entry["town"]].plan.town,
            title=entry["title"],
            kind=entry["kind"],
            area=area_of(entry["place"], towns[entry["town"]].segments),
            source="demo",
            source_id=entry["key"],
            demo=True,
        )
        for entry in document()["fire_areas"]
    ]


def cases(towns: Mapping[str, DemoTown], day: date) -> list[DemoCase]:
    """Requests in the order in which they are filed here."""
    return [_case(entry, towns[entry["town"]], day) for entry in document()["permits"]]


def _case(entry: Mapping[str, Any], town: DemoTown, day: date) -> DemoCase:
    period = _period(entry, day)
    decided = entry["to"] in ("granted", "surrendered")
    use = UseRequest(
        use_type=entry["use"],
        period=period,
        area=area_of(entry["place"], town.segments),
        town=town.plan.town,
        restriction=entry.get("restriction", "none"),
        excavation=entry.get("excavation", False),
        commercial=entry.get("commercial"),
        charitable=entry.get("charitable"),
        count=entry.get("count"),
        urgent_reason=entry.get("urgent"),
        address_text=f"{entry['place']['street']}, {town.plan.slug.capitalize()}",
        # What is granted needs its order and, on classified roads, the owner's consent.
        traffic_order=TrafficOrder(period=period, number="Demo", authority="Demo") if decided else None,
        consents=frozenset({"road_owner"}) if decided else frozenset(),
    )
    request = PermitRequest(
        use=use,
        purpose=entry["purpose"],
        applicant=Applicant(name=entry["who"], email="demo@example.org"),
        draft=entry["to"] == "draft",
    )
    filed_at = datetime(day.year, day.month, day.day, 8, tzinfo=UTC) + timedelta(days=entry["filed"])
    return DemoCase(
        town=town.plan.town,
        request=request,
        filed_at=filed_at,
        to=entry["to"],
        reason=entry.get("reason"),
    )


def _id(key: str) -> UUID:
    return uuid5(_IDS, key)


def _period(entry: Mapping[str, Any], day: date) -> Interval:
    first, last = entry["days"]
    return Interval.of_days(day + timedelta(days=first), day + timedelta(days=last))
