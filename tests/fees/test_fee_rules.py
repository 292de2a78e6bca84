"""The parts of a tariff one by one: time, seasons, steps, caps, exemptions, and where there is no answer."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from geo_service.errors import BadTownFolder
from geo_service.fees.calculate import FeeQuestion, calculate_fee
from geo_service.fees.periods import chunks, months_then_days, unit_end
from geo_service.fees.tariff import parse_tariff
from geo_service.interval import Interval
from tests.fees.tariffs import ADMINISTRATION, SCAFFOLD, fee, tariff


def total(*arguments: Any, **question: Any) -> str | None:
    answer = fee(*arguments, **question)
    return None if answer is None else str(answer.total_eur)


def per(unit: str, eur: float, basis: str = "flat", **more: Any) -> dict[str, Any]:
    price = {"unit": unit, "eur": eur} | ({"rounding": more.pop("rounding")} if "rounding" in more else {})
    return {"basis": basis, "prices": [price]} | more


@pytest.mark.parametrize(
    ("first", "count", "end"),
    [
        (date(2026, 6, 1), 1, date(2026, 6, 30)),
        (date(2026, 6, 15), 1, date(2026, 7, 14)),
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2026, 1, 31), 2, date(2026, 3, 30)),
        (date(2026, 12, 2), 1, date(2027, 1, 1)),
    ],
)
def test_a_month_ends_as_the_civil_code_says(first: date, count: int, end: date) -> None:
    assert unit_end("month", first, count) == end


def test_a_started_month_is_a_calendar_month_from_the_first_day() -> None:
    monthly = tariff(per("month", 10))
    assert total(monthly, first=date(2026, 6, 1), days=30) == "10.00"
    assert total(monthly, first=date(2026, 6, 1), days=31) == "20.00"
    assert total(monthly, first=date(2026, 2, 1), days=28) == "10.00"
    assert total(monthly, first=date(2026, 2, 1), days=29) == "20.00"


def test_months_then_days_are_cut_at_the_same_day_of_the_month() -> None:
    months, days = months_then_days(date(2026, 1, 15), date(2026, 3, 20))
    assert [chunk.begins for chunk in months] == [date(2026, 1, 15), date(2026, 2, 15)]
    assert (days[0].begins, days[0].position, len(days)) == (date(2026, 3, 15), 59, 6)


@pytest.mark.parametrize(
    ("unit", "days", "euros"),
    [("week", 10, "14.29"), ("month", 45, "14.84"), ("year", 73, "2.00"), ("day", 3, "30.00")],
)
def test_exact_rounding_charges_the_part_of_the_last_unit(unit: str, days: int, euros: str) -> None:
    assert total(tariff(per(unit, 10, rounding="exact")), days=days) == euros


def test_days_are_civil_days_of_the_town_also_when_clocks_change() -> None:
    daily = tariff(per("day", 10))
    assert total(daily, first=date(2026, 10, 24), days=3) == "30.00"
    assert total(daily, first=date(2026, 3, 28), days=3) == "30.00"
    evening = Interval(datetime(2026, 6, 1, 21, 0, tzinfo=UTC), datetime(2026, 6, 1, 23, 0, tzinfo=UTC))
    answer = calculate_fee(daily, FeeQuestion(use_type="geruest", area_m2=1, period=evening))
    assert answer is not None
    assert answer.total_eur == 20  # 23:00 to 01:00 in Berlin


@pytest.mark.parametrize(
    ("area_m2", "euros"),
    [(12.019, "12.00"), (11.976, "12.00"), (12.05, "12.10"), (12.049, "12.00"), (0.04, "0.00")],
)
def test_the_area_is_rounded_half_up_to_a_tenth_before_the_tariff(area_m2: float, euros: str) -> None:
    assert total(tariff(per("day", 1, "m2")), area_m2=area_m2) == euros


def test_started_steps_count_from_the_rounded_area() -> None:
    stepped = tariff(per("day", 2, "m2", step=1))
    assert total(stepped, area_m2=12.04) == "24.00"
    assert total(stepped, area_m2=12.05) == "26.00"


def test_free_units_are_taken_off_first_and_the_formula_says_so() -> None:
    answer = fee(tariff(per("day", 3, "m2", free_units=4)), area_m2=6.5, days=2)
    assert answer is not None
    assert (answer.total_eur, answer.lines[0].text) == (
        Decimal("15.00"),
        "2,5 m² (über 4 m²) × 2 Tage × 3,00 €",
    )
    assert total(tariff(per("day", 3, "m2", free_units=4)), area_m2=3) == "0.00"


def test_a_cap_of_the_calendar_year_begins_anew_in_january() -> None:
    skip = tariff(per("day", 4, "piece", maximum={"eur": 100, "period": "calendar_year", "each": True}))
    answer = fee(skip, first=date(2026, 12, 1), days=31 + 20)
    assert answer is not None
    assert answer.total_eur == Decimal("180.00")
    assert [(line.text, str(line.amount_eur)) for line in answer.lines] == [
        ("1 Stück × 31 Tage × 4,00 €", "124.00"),
        ("1 Stück × 20 Tage × 4,00 €", "80.00"),
        ("Höchstbetrag 100,00 € im Kalenderjahr 2026", "-24.00"),
    ]
    assert total(skip, first=date(2026, 6, 1), days=60, count=2) == "200.00"
    whole = tariff(per("day", 4, "piece", maximum={"eur": 100, "period": "permit"}))
    assert total(whole, first=date(2026, 12, 1), days=51, count=2) == "100.00"


def test_a_minimum_lifts_the_item_but_not_the_surcharge() -> None:
    answer = fee(tariff(per("day", 1, minimum_eur=15), surcharges=[ADMINISTRATION]))
    assert answer is not None
    assert [(line.text, str(line.amount_eur)) for line in answer.lines] == [
        ("1 Tag × 1,00 €", "1.00"),
        ("Mindestgebühr 15,00 €", "14.00"),
        ("Verwaltungsgebühr", "25.00"),
    ]


def test_a_season_is_paid_once_a_year_and_says_nothing_about_winter() -> None:
    terrace = tariff(per("season", 20, "m2", step=1, season_months=[3, 4, 5, 6, 7, 8, 9, 10]))
    assert total(terrace, first=date(2026, 3, 1), days=1, area_m2=2) == "40.00"
    assert total(terrace, first=date(2026, 3, 1), days=245, area_m2=2) == "40.00"
    assert total(terrace, first=date(2026, 3, 1), days=246, area_m2=2) is None
    assert total(terrace, first=date(2026, 12, 1), days=10, area_m2=2) is None
    winter = per("day", 1, "m2", season_months=[11, 12, 1, 2])
    summer = per("season", 20, "m2", season_months=[3, 4, 5, 6, 7, 8, 9, 10])
    assert total(tariff(summer, winter), first=date(2026, 10, 31), days=4, area_m2=2) == "46.00"
    assert len(chunks("season", date(2026, 5, 1), date(2028, 4, 30), "started", {3, 4, 5})) == 3


def test_a_season_belongs_to_its_calendar_year_under_a_yearly_cap() -> None:
    cap = {"eur": 30, "period": "calendar_year"}
    all_year = tariff(per("season", 50, season_months=list(range(1, 13)), maximum=cap))
    assert total(all_year, first=date(2026, 12, 1), days=62) == "60.00"


def test_cheapest_also_tries_whole_months_and_the_days_that_are_left() -> None:
    assert total(tariff(SCAFFOLD), area_m2=20, days=32) == "116.00"  # 100.00 + 2 × 8.00


def test_zones_have_prices_of_their_own_and_others_the_general_one() -> None:
    zoned = tariff(per("day", 5, zone="Innenstadt"), per("day", 2))
    assert total(zoned, zone="Innenstadt") == "5.00"
    assert total(zoned, zone="Auerbach") == "2.00"
    assert total(zoned) == "2.00"
    assert total(tariff(per("day", 5, zone="Innenstadt"))) is None


def test_charities_pay_nothing_where_the_tariff_says_so() -> None:
    of = tariff(per("day", 10, charity_exempt=True), surcharges=[ADMINISTRATION | {"charity_exempt": True}])
    answer = fee(of, charitable=True)
    assert answer is not None
    assert (str(answer.total_eur), answer.lines[0].text) == ("0.00", "Position: gemeinnützig, gebührenfrei")
    assert total(of, charitable=False) == "35.00"
    assert total(tariff(per("day", 10)), charitable=True) == "10.00"


def test_urgent_requests_and_site_visits_cost_more_only_where_they_happen() -> None:
    label = {"de": "Zuschlag", "en": "Surcharge"}
    urgent = {"kind": "urgent", "label": label, "eur": 30}
    visit = {"kind": "site_visit", "label": label, "eur": 60, "use_types": ["kran"]}
    of = tariff(per("day", 10), surcharges=[urgent, visit])
    assert total(of) == "10.00"
    assert total(of, urgent=True, site_visit=True) == "40.00"


def test_running_metres_need_the_frontage() -> None:
    of = tariff(per("month", 7, "running_metre", step=1))
    assert total(of, frontage_m=4.2) == "35.00"
    assert total(of) is None


def test_no_fee_without_an_end_or_for_a_use_without_a_position() -> None:
    endless = Interval.of_days(date(2026, 6, 1), None)
    question = {"area_m2": 1.0, "period": endless}
    assert calculate_fee(tariff(SCAFFOLD), FeeQuestion(use_type="geruest", **question)) is None
    assert calculate_fee(tariff(SCAFFOLD), FeeQuestion(use_type="plakat", **question)) is None


def test_rounding_happens_once_at_the_end_and_the_lines_still_add_up() -> None:
    third = per("week", 1, rounding="exact")
    of = tariff(third, per("day", 0.001, "piece"), per("day", 0.004, "m2"))
    answer = fee(of, days=1)
    assert answer is not None
    assert answer.total_eur == Decimal("0.15")  # 0.142857… + 0.001 + 0.004 = 0.147857…
    assert sum(line.amount_eur for line in answer.lines) == answer.total_eur


def test_formulas_are_german_and_english() -> None:
    answer = fee(tariff(per("month", 1250.5, "m2")), area_m2=1234.5, days=31)
    assert answer is not None
    assert answer.lines[0].text == "1234,5 m² × 2 Monate × 1.250,50 €"
    assert answer.lines[0].text_en == "1234.5 m² × 2 months × 1,250.50 €"


@pytest.mark.parametrize(
    ("price", "expected"),
    [
        ({"unit": "day", "eur": 1, "tiers": [{"eur": 1}]}, "either eur or tiers"),
        ({"unit": "day", "tiers": [{"until": 9, "eur": 1}]}, "the last tier none"),
        (
            {"unit": "day", "tiers": [{"until": 9, "eur": 1}, {"until": 3, "eur": 1}, {"eur": 1}]},
            "rising limits",
        ),
    ],
)
def test_a_price_that_cannot_be_read_is_refused(price: dict[str, Any], expected: str) -> None:
    with pytest.raises(BadTownFolder, match=expected):
        tariff({"basis": "flat", "prices": [price]})


@pytest.mark.parametrize(
    ("item", "mode", "expected"),
    [
        (
            {"basis": "flat", "prices": [{"unit": "week", "eur": 1}, {"unit": "month", "eur": 1}]},
            "day_only",
            "per day",
        ),
        (
            {"basis": "flat", "prices": [{"unit": "day", "eur": 1}, {"unit": "day", "eur": 2}]},
            "cheapest",
            "two prices",
        ),
        (
            {"basis": "flat", "prices": [{"unit": "day", "eur": 1}, {"unit": "once", "eur": 2}]},
            "cheapest",
            "stands alone",
        ),
        (per("month", 1, season_months=[5]), "cheapest", "per day or season only"),
        (
            per("day", 1, minimum_eur=5, maximum={"eur": 4, "period": "permit"}),
            "cheapest",
            "greater than maximum",
        ),
    ],
)
def test_an_item_that_contradicts_itself_is_refused(item: dict[str, Any], mode: str, expected: str) -> None:
    with pytest.raises(BadTownFolder, match=expected):
        tariff(item, mode=mode)


def test_a_stored_tariff_is_read_back_as_it_was() -> None:
    of = tariff(SCAFFOLD, surcharges=[ADMINISTRATION])
    assert parse_tariff(of.model_dump(mode="json"), "stored") == of
