"""What is given back when a permit ends early, and the check digits of cash references."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from geo_service.fees.calculate import FeeQuestion, calculate_fee
from geo_service.fees.refund import Charged, Why, unused_part
from geo_service.fees.tariff import Refunds
from geo_service.interval import Interval, midnight
from geo_service.towns.cash_reference import cash_reference, check_digits, known_pattern
from tests.fees.tariffs import tariff

FIRST = date(2026, 6, 1)
RULES = {"revoked": "unused_days", "surrendered": "recalculated", "minimum_eur": 5}


def back(used_days: int, why: Why, *, set_eur: str | None = None, **rules: object) -> Decimal:
    """20 m² for 30 days at 5 € a month and 0.40 € a day, 25 € administration: 125.00."""
    table = tariff(
        {"basis": "m2", "prices": [{"unit": "day", "eur": "0.40"}, {"unit": "month", "eur": "5"}]},
        surcharges=[{"kind": "administration", "label": {"de": "V", "en": "A"}, "eur": "25"}],
    ).model_copy(update={"refunds": Refunds.model_validate({**RULES, **rules})})
    question = FeeQuestion(
        use_type="geruest", area_m2=20, period=Interval.of_days(FIRST, FIRST + timedelta(days=29))
    )
    fee = calculate_fee(table, question)
    assert fee is not None and (fee.total_eur, fee.surcharges_eur) == (Decimal(125), Decimal(25))
    charged = Charged(
        total_eur=fee.total_eur if set_eur is None else Decimal(set_eur),
        kept_eur=fee.surcharges_eur if set_eur is None else Decimal(0),
        by_tariff=set_eur is None,
    )
    return unused_part(table, why, question, charged, used_until=midnight(FIRST + timedelta(days=used_days)))


@pytest.mark.parametrize(
    ("used_days", "why", "euros"),
    [
        (0, "revoked", "100.00"),  # the administration fee stays
        (15, "revoked", "50.00"),
        (29, "revoked", "0"),  # 3.33 is less than the minimum
        (30, "revoked", "0"),
        (0, "surrendered", "100.00"),
        (5, "surrendered", "60.00"),  # five days cost 40.00
        (13, "surrendered", "0"),  # 13 days cost the month
        (5, "cleared_early", "0"),  # the tariff has no rule
        (10, "changed", "20.00"),  # unless it says otherwise, a changed permit is calculated anew
    ],
)
def test_the_part_that_is_given_back(used_days: int, why: Why, euros: str) -> None:
    assert back(used_days, why) == Decimal(euros)


def test_an_amount_set_by_the_desk_is_shared_by_days() -> None:
    assert back(15, "surrendered", set_eur="60") == Decimal("30.00")
    assert back(15, "cleared_early", set_eur="60") == 0


def test_a_day_that_has_begun_is_used() -> None:
    assert back(0, "revoked", minimum_eur=0) == 100
    assert back(1, "revoked", minimum_eur=0) == Decimal("96.67")


@pytest.mark.parametrize(
    ("text", "kind", "digits"),
    [
        ("7992739871", "luhn", "3"),  # the example of ISO/IEC 7812 everywhere
        ("37144963539843", "luhn", "1"),
        ("794", "mod97", "44"),  # ISO/IEC 7064, MOD 97-10: 79444
        ("3214282912345698765432161182", "mod97", "82"),
    ],
)
def test_check_digits(text: str, kind: str, digits: str) -> None:
    found = check_digits(text, kind)  # type: ignore[arg-type]
    if kind == "mod97":
        assert int(text + found) % 97 == 1
    if len(text) < 20:
        assert found == digits


def test_a_pattern_is_filled() -> None:
    filled = {"ags": "06431002", "prefix": "BEN", "year": 2026, "number": 17}
    assert cash_reference("{ags}{year2}{number:6}{check}", "luhn", **filled)[:-1] == "0643100226000017"  # type: ignore[arg-type]
    assert cash_reference("5.{prefix}-{year}/{number:4}", "luhn", **filled) == "5.BEN-2026/0017"  # type: ignore[arg-type]
    one = cash_reference("{check}{number:3}", "mod97", **filled)  # type: ignore[arg-type]
    assert one[2:] == "017" and int(one[2:] + one[:2]) % 97 == 1


@pytest.mark.parametrize(
    "pattern",
    [
        "{ags}",
        "{number:6}{number:6}",
        "{number:0}",
        "a{number:6}",
        "{number:6}{x}",
        "=" * 3,
        "{ags}" * 5 + "{number:6}",
    ],
)
def test_no_pattern(pattern: str) -> None:
    with pytest.raises(ValueError, match="cash reference"):
        known_pattern(pattern)
