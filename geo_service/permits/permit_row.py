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
    "use_type", "restriction", "excavation", "height_from_m", "height_to_m", "area_declared_m2", "frontage_m",
    "count", "zone", "commercial", "charitable", "remaining_carriageway_m", "remaining_footway_m",
    "pedestrian_guidance", "cycle_guidance", "address_text", "urgent_reason", "language",
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
        "recurrence": recurrence_document(request.recurrence),
        "takes": None if request.takes is None else sorted(request.takes),
        "traffic_order": traffic_order_document(request.traffic_order),
        "consents": sorted(request.consents),
    }


def _hex(geometry: BaseGeometry | None) -> str | None:
    if geometry is None:
        return None
    return str(shapely.to_wkb(shapely.set_srid(geometry, TOWN_SRID), hex=True, include_srid=True))


def recurrence_document(recurrence: Recurrence | None) -> dict[str, Any] | None:
    """The pattern as JSON, in the form of the API."""
    if recurrence is None:
        return None
    season = recurrence.season
    return {
        "season": None
        if season is None
        else dict(zip(("from", "until"), map(_day_text, season), strict=True)),
        "weekdays": sorted(recurrence.weekdays),
        "from_time": None if recurrence.from_time is None else recurrence.from_time.isoformat(),
        "until_time": None if recurrence.until_time is None else recurrence.until_time.isoformat(),
    }


def _day_text(day: tuple[int, int]) -> str:
    return f"{day[0]:02}-{day[1]:02}"


def _month_day(text: str) -> tuple[int, int]:
    month, _, day = text.partition("-")
    return int(month), int(day)


def recurrence_from(document: dict[str, Any] | None) -> Recurrence | None:
    """The pattern back from its stored form."""
    if document is None:
        return None
    season = document["season"]
    return Recurrence(
        season=None if season is None else (_month_day(season["from"]), _month_day(season["until"])),
        weekdays=frozenset(document["weekdays"]),
        from_time=None if document["from_time"] is None else time.fromisoformat(document["from_time"]),
        until_time=None if document["until_time"] is None else time.fromisoformat(document["until_time"]),
    )


def traffic_order_document(order: TrafficOrder | None) -> dict[str, Any] | None:
    """The order as JSON; its period as instants, the end exclusive."""
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
        period=Interval(
            datetime.fromisoformat(document["start"]), None if end is None else datetime.fromisoformat(end)
        ),
        number=document["number"],
        authority=document["authority"],
    )
