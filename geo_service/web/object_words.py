"""Parts of what is told about objects of every kind, in the form in which a client states them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from shapely.geometry.base import BaseGeometry

from geo_service.interval import Interval
from geo_service.occupations.recurrence import Recurrence
from geo_service.occupations.stated_facts import recurrence_document
from geo_service.occupations.use_request import TrafficOrder
from geo_service.permits.permit_document import instant, lonlat_document


def period_words(period: Interval, recurrence: Recurrence | None = None) -> dict[str, Any]:
    """Civil days, both included, and instants, the end excluded; null = open."""
    last = period.last_day()
    return {
        "from": period.first_day().isoformat(),
        "until": None if last is None else last.isoformat(),
        "period_start": instant(period.start),
        "period_end": instant(period.end),
        "recurrence": recurrence_document(recurrence),
    }


def order_words(
    detour: BaseGeometry | None,
    closed_segments: Sequence[str],
    order: TrafficOrder | None,
    consents: Iterable[str],
) -> dict[str, Any]:
    """Detour as drawn, segments declared closed, the traffic order and what offices have consented to."""
    last = None if order is None else order.period.last_day()
    return {
        "detour": None if detour is None else lonlat_document(detour),
        "closed_segments": list(closed_segments),
        "traffic_order": None
        if order is None
        else {
            "number": order.number,
            "authority": order.authority,
            "from": order.period.first_day().isoformat(),
            "until": None if last is None else last.isoformat(),
        },
        "consents": sorted(consents),
    }
