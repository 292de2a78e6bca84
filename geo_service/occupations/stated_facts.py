"""What people state about periods, patterns, orders and places, as JSON that is stored, and back from it."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

from shapely.geometry.base import BaseGeometry

from geo_service.crs import ewkb_hex
from geo_service.interval import Interval
from geo_service.occupations.recurrence import Recurrence
from geo_service.occupations.use_request import TrafficOrder


def hex_of(geometry: BaseGeometry | None) -> str | None:
    """EPSG:25832 as the hexadecimal EWKB that `jsonb_populate_record` reads; None stays None."""
    return None if geometry is None else ewkb_hex(geometry)


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
