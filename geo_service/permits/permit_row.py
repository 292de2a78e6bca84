"""A permit request as a row: the JSON object that `jsonb_populate_record` reads."""

from __future__ import annotations

from typing import Any

from geo_service.occupations.stated_facts import hex_of, recurrence_document, traffic_order_document
from geo_service.occupations.use_request import UseRequest

_SAME = (
    "use_type", "restriction", "excavation", "height_from_m", "height_to_m", "area_declared_m2", "frontage_m",
    "count", "zone", "commercial", "charitable", "remaining_carriageway_m", "remaining_footway_m",
    "pedestrian_guidance", "cycle_guidance", "address_text", "urgent_reason", "language",
)  # fmt: skip


def request_columns(request: UseRequest) -> dict[str, Any]:
    """Columns of table permit that hold what was asked for, as JSON values."""
    return {
        **{name: getattr(request, name) for name in _SAME},
        "area": hex_of(request.area),
        "detour": hex_of(request.detour),
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
