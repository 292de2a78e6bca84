"""Every example that a town, a statute or a court has published comes out to the cent."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from geo_service.fees.calculate import FeeQuestion, calculate_fee
from geo_service.fees.tariff_file import read_tariff_file
from geo_service.interval import Interval
from geo_service.occupations.use_types import use_types
from tests.fees.tariffs import ADMINISTRATION, SCAFFOLD, fee, tariff

TOWNS = Path(__file__).resolve().parents[2] / "data" / "towns"

ERKRATH_SKIP = {"basis": "m2", "prices": [{"unit": "day", "eur": 0.80}]}
ERKRATH_POSTER = {"basis": "piece", "prices": [{"unit": "once", "eur": 3.30}]}
KEMPTEN_TIERS = [{"until": 90, "eur": 1.30}, {"until": 180, "eur": 1.10}, {"eur": 1.00}]
KEMPTEN = {"basis": "m2", "step": 10, "prices": [{"unit": "day", "tiers": KEMPTEN_TIERS}]}
LUDWIGSHAFEN_MONTH = {"unit": "month", "tiers": [{"until": 1, "eur": 110}, {"eur": 50}]}
LUDWIGSHAFEN = {"basis": "flat", "prices": [{"unit": "week", "eur": 36}, LUDWIGSHAFEN_MONTH]}
COURT = {"basis": "m2", "prices": [{"unit": "month", "eur": 2.56}]}


@pytest.mark.parametrize(
    ("use_type", "area_m2", "first", "days", "euros"),
    [
        ("geruest", 20, date(2026, 6, 1), 10, "80.00"),
        ("geruest", 20, date(2026, 6, 1), 13, "100.00"),
        ("aussengastronomie", 12.3, date(2026, 3, 1), 245, "260.00"),
        ("infostand", 6, date(2026, 6, 1), 1, "16.00"),
        ("infostand", 3.9, date(2026, 6, 1), 2, "20.00"),
        ("container", 12, date(2026, 6, 1), 100, "300.00"),
    ],
)
def test_heppenheim(use_type: str, area_m2: float, first: date, days: int, euros: str) -> None:
    [heppenheim] = read_tariff_file(TOWNS / "heppenheim" / "tariff.yaml", use_types())
    period = Interval.of_days(first, first + timedelta(days=days - 1))
    answer = calculate_fee(heppenheim, FeeQuestion(use_type=use_type, area_m2=area_m2, period=period))
    assert answer is not None
    assert answer.total_eur == Decimal(euros)
    assert answer.official


@pytest.mark.parametrize(
    ("mode", "euros"),
    [
        ("day_only", "360.00"),
        ("longest_unit", "200.00"),
        ("months_then_days", "220.00"),
        ("cheapest", "200.00"),
    ],
)
def test_the_statute_decides_between_day_and_month(mode: str, euros: str) -> None:
    answer = fee(tariff(SCAFFOLD, mode=mode), area_m2=20, days=45)
    assert answer is not None
    assert answer.total_eur == Decimal(euros)


def test_erkrath() -> None:
    skip = fee(tariff(ERKRATH_SKIP, surcharges=[ADMINISTRATION]), area_m2=6, days=3)
    posters = fee(tariff(ERKRATH_POSTER, surcharges=[ADMINISTRATION]), count=50, days=14)
    assert skip is not None
    assert posters is not None
    assert (skip.total_eur, posters.total_eur) == (Decimal("39.40"), Decimal("190.00"))


def test_kempten_charges_started_ten_square_metres_cheaper_from_day_91() -> None:
    answer = fee(tariff(KEMPTEN), area_m2=25, days=120)
    assert answer is not None
    assert answer.total_eur == Decimal("450.00")
    assert [line.text for line in answer.lines] == [
        "3 × 10 m² × 90 Tage × 1,30 €",
        "3 × 10 m² × 30 Tage × 1,10 €",
    ]


def test_ludwigshafen_charges_further_started_months_less() -> None:
    answer = fee(tariff(LUDWIGSHAFEN), days=45)
    assert answer is not None
    assert answer.total_eur == Decimal("160.00")


def test_the_federal_administrative_court_3_c_7_13() -> None:
    answer = fee(tariff(COURT), area_m2=196, days=92)
    assert answer is not None
    assert answer.total_eur == Decimal("1505.28")


def test_the_example_of_the_interface_is_bensheims_example_tariff() -> None:
    [bensheim] = read_tariff_file(TOWNS / "bensheim" / "tariff.yaml", use_types())
    answer = fee(bensheim, area_m2=29.8, days=14)
    assert answer is not None
    assert (answer.total_eur, answer.official) == (Decimal("166.88"), False)
    assert [(line.text, line.text_en) for line in answer.lines] == [
        ("29,8 m² × 14 Tage × 0,40 €", "29.8 m² × 14 days × 0.40 €")
    ]
