"""A permit request as a row: the JSON object that `jsonb_populate_record` reads, and parts of it back."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from geo_service.crs import TOWN_SRID
from geo_service.interval import Interval
from geo_service.occupations.recurrence import Recurrence
from geo_service.occupations.use_request import TrafficOrder, UseRequest

_SAME = (
    "use_type", "restriction", "excavation", "height_from_m", "height_to_m", "area_declared_m2", "frontage_m", "count",
    "zone", "commercial", "charitable", "remaining_carriageway_m", "remaining_footway_m", "pedestrian_guidance",
    "cycle_guidance", "address_text", "urgent_reason", "language",
)  # fmt: skip


def request_columns(request: UseRequest) -> dict[str, Any]:
    """Columns of table permit that hold what was asked for, as JSON values."""
    return {
        **{name: getattr(request, name) for name in _SAME},
        "area": _hex(request.area),
        "detour": _hex(request.detour),
        "area_m2": request.area_m2,
        "town_chosen": request.town,
        "closed_segments": list(request.closed_segments),
        "period": request.period.to_range(),
        "end_known": request.period.end is not None,
        "recurrence": _recurrence_document(request.recurrence),
        "takes": None if request.takes is None else sorted(request.takes),
        "traffic_order": _traffic_order_document(request.traffic_order),
        "consents": sorted(request.consents),
    }


def _hex(geometry: BaseGeometry | None) -> str | None:
    if geometry is None:
        return None
    return str(shapely.to_wkb(shapely.set_srid(geometry, TOWN_SRID), hex=True, include_srid=True))


def _recurrence_document(recurrence: Recurrence | None) -> dict[str, Any] | None:
    if recurrence is None:
        return None
    season = recurrence.season
    return {
        "season": None if season is None else [f"{month:02}-{day:02}" for month, day in season],
        "weekdays": sorted(recurrence.weekdays),
        "from_time": None if recurrence.from_time is None else recurrence.from_time.isoformat(),
        "until_time": None if recurrence.until_time is None else recurrence.until_time.isoformat(),
    }


def recurrence_from(document: dict[str, Any] | None) -> Recurrence | None:
    """The pattern back from its stored form."""
    if document is None:
        return None
    days = [tuple(int(part) for part in day.split("-")) for day in document["season"] or []]
    return Recurrence(
        season=None if not days else ((days[0][0], days[0][1]), (days[1][0], days[1][1])),
        weekdays=frozenset(document["weekdays"]),
        from_time=None if document["from_time"] is None else time.fromisoformat(document["from_time"]),
        until_time=None if document["until_time"] is None else time.fromisoformat(document["until_time"]),
    )


def _traffic_order_document(order: TrafficOrder | None) -> dict[str, Any] | None:
    if order is None:
        return None
    return {
        "number": order.number,
        "authority": order.authority,
        "start": order.period.start.isoformat(),
        "end": None if order.period.end is None else order.period.end.isoformat(),
    }


def traffic_order_from(document: dict[str, Any] | None) -> TrafficOrder | None:
    """The order back from its stored form."""
    if document is None:
        return None
    end = document["end"]
    return TrafficOrder(
        period=Interval(datetime.fromisoformat(document["start"]), None if end is None else datetime.fromisoformat(end)),
        number=document["number"],
        authority=document["authority"],
    )
