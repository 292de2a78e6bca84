"""Small tariffs for the tests, in the form of tariff.yaml."""

from __future__ import annotations

from datetime import date
from typing import Any

from geo_service.fees.calculate import Fee, FeeQuestion, calculate_fee
from geo_service.fees.tariff import Tariff, parse_tariff
from geo_service.interval import Interval


def tariff(*items: dict[str, Any], mode: str = "cheapest", surcharges: Any = ()) -> Tariff:
    document = {
        "valid_from": date(2020, 1, 1),
        "official": True,
        "legal_source": "Muster",
        "mode": mode,
        "items": [
            {"label": {"de": "Position", "en": "Item"}, "use_types": ["geruest"]} | item for item in items
        ],
        "surcharges": list(surcharges),
    }
    return parse_tariff(document, "test")


ADMINISTRATION = {
    "kind": "administration",
    "label": {"de": "Verwaltungsgebühr", "en": "Administration"},
    "eur": 25,
}
SCAFFOLD = {"basis": "m2", "prices": [{"unit": "day", "eur": 0.40}, {"unit": "month", "eur": 5.00}]}


def fee(
    of: Tariff, *, days: int = 1, area_m2: float = 1.0, first: date = date(2026, 6, 1), **other: Any
) -> Fee | None:
    period = Interval.of_days(first, date.fromordinal(first.toordinal() + days - 1))
    return calculate_fee(of, FeeQuestion(use_type="geruest", area_m2=area_m2, period=period, **other))
