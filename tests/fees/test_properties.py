"""What must hold for every tariff and every question: hypothesis looks for the one where it does not."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from geo_service.fees.calculate import Fee
from geo_service.fees.periods import months_then_days, unit_end
from geo_service.fees.tariff import Tariff
from tests.fees.tariffs import ADMINISTRATION, fee, tariff

EUROS = st.decimals(min_value=0, max_value=500, places=2).map(str)
FIRST_DAYS = st.dates(date(2024, 1, 1), date(2027, 12, 31))
DAYS = st.integers(1, 800)
AREAS = st.floats(0.1, 500)
MODES = st.sampled_from(["cheapest", "longest_unit", "day_only", "months_then_days"])


def _price(unit: str, falling: bool) -> st.SearchStrategy[dict[str, Any]]:
    rounding = st.sampled_from(["started", "exact"])
    plain = st.fixed_dictionaries({"unit": st.just(unit), "eur": EUROS, "rounding": rounding})
    tiers = st.lists(st.integers(1, 200), min_size=1, max_size=3, unique=True).flatmap(
        lambda limits: st.tuples(*[EUROS] * (len(limits) + 1)).map(
            lambda euros: (
                [{"until": until, "eur": eur} for until, eur in zip(sorted(limits), euros, strict=False)]
                + [{"eur": euros[-1]}]
            )
        )
    )
    tiered = st.fixed_dictionaries({"unit": st.just(unit), "tiers": tiers, "rounding": rounding})
    return st.one_of(plain, tiered) if falling else plain


@st.composite
def items(draw: st.DrawFn, tiers: bool = True) -> dict[str, Any]:
    """An item with prices for day and month, and perhaps for week and year."""
    units = ["day", "month", *draw(st.sets(st.sampled_from(["week", "year"])))]
    item: dict[str, Any] = {
        "basis": draw(st.sampled_from(["m2", "piece", "flat"])),
        "prices": [draw(_price(unit, tiers)) for unit in units],
        "free_units": draw(st.integers(0, 10)),
    }
    if draw(st.booleans()):
        item["step"] = draw(st.sampled_from(["1", "2.5", "10"]))
    if draw(st.booleans()):
        item["maximum"] = {
            "eur": draw(st.integers(50, 5000)),
            "period": draw(st.sampled_from(["calendar_year", "permit"])),
            "each": draw(st.booleans()),
        }
    if draw(st.booleans()):
        item["minimum_eur"] = draw(st.integers(1, 50))
    return item


def total(of: Tariff, **question: Any) -> Decimal:
    answer = fee(of, **question)
    assert answer is not None
    check(answer)
    return answer.total_eur


def check(answer: Fee) -> None:
    """Never negative, whole cents, and the lines add up."""
    assert answer.total_eur >= 0
    assert answer.total_eur == answer.total_eur.quantize(Decimal("0.01"))
    assert sum((line.amount_eur for line in answer.lines), Decimal(0)) == answer.total_eur
    assert all(line.text and line.text_en for line in answer.lines)


@settings(max_examples=150, deadline=None)
@given(item=items(), mode=MODES, first=FIRST_DAYS, days=DAYS, smaller=AREAS, more=st.floats(0, 100))
def test_a_larger_area_never_costs_less(
    item: dict[str, Any], mode: str, first: date, days: int, smaller: float, more: float
) -> None:
    of = tariff(item, mode=mode, surcharges=[ADMINISTRATION])
    small = total(of, first=first, days=days, area_m2=smaller)
    assert small <= total(of, first=first, days=days, area_m2=smaller + more)


@settings(max_examples=150, deadline=None)
@given(
    item=items(),
    mode=st.sampled_from(["cheapest", "longest_unit", "day_only"]),
    first=FIRST_DAYS,
    days=DAYS,
    more=st.integers(0, 60),
    area_m2=AREAS,
)
def test_a_longer_use_never_costs_less(
    item: dict[str, Any], mode: str, first: date, days: int, more: int, area_m2: float
) -> None:
    of = tariff(item, mode=mode)
    short = total(of, first=first, days=days, area_m2=area_m2)
    assert short <= total(of, first=first, days=days + more, area_m2=area_m2)


@settings(max_examples=100, deadline=None)
@given(item=items(), first=FIRST_DAYS, days=DAYS, more=st.integers(0, 40), area_m2=AREAS)
def test_months_then_days_grows_within_a_month_and_never_falls_below_its_whole_months(
    item: dict[str, Any], first: date, days: int, more: int, area_m2: float
) -> None:
    """A completed month may cost less than its days did: 20 m² for 29 days 232.00, for 30 days 100.00."""
    of = tariff(item, mode="months_then_days")
    last = date.fromordinal(first.toordinal() + days - 1)
    months, _ = months_then_days(first, last)
    until = unit_end("month", first, len(months) + 1)
    longer = min(days + more, (until - first).days)
    if longer >= days:
        short = total(of, first=first, days=days, area_m2=area_m2)
        assert short <= total(of, first=first, days=longer, area_m2=area_m2)
    if months:
        whole = (unit_end("month", first, len(months)) - first).days + 1
        assert total(of, first=first, days=whole, area_m2=area_m2) <= total(
            of, first=first, days=days, area_m2=area_m2
        )


@settings(max_examples=150, deadline=None)
@given(item=items(), first=FIRST_DAYS, days=DAYS, area_m2=AREAS, count=st.integers(0, 40))
def test_cheapest_is_never_dearer_than_another_mode(
    item: dict[str, Any], first: date, days: int, area_m2: float, count: int
) -> None:
    question = {"first": first, "days": days, "area_m2": area_m2, "count": count}
    cheapest = total(tariff(item, mode="cheapest"), **question)
    for mode in ("longest_unit", "day_only", "months_then_days"):
        assert cheapest <= total(tariff(item, mode=mode), **question)
