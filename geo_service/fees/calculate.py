"""What a use costs under a tariff: exact decimals, rounded once at the end, every line with its formula."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from functools import partial
from zoneinfo import ZoneInfo

from geo_service.fees.periods import Chunk, chunks, months_then_days
from geo_service.fees.tariff import UNITS_BY_LENGTH, Item, Price, Surcharge, Tariff, Unit
from geo_service.fees.wording import cap_text, exempt_text, formula, minimum_text
from geo_service.interval import TOWN_ZONE, Interval

CENT = Decimal("0.01")
ZERO = Decimal(0)


@dataclass(frozen=True, kw_only=True, slots=True)
class FeeQuestion:
    """What a fee depends on. `zone`: of the tariff; `days_in`: the time zone whose days are counted."""

    use_type: str
    area_m2: float
    period: Interval
    count: int | None = None
    frontage_m: float | None = None
    zone: str | None = None
    commercial: bool | None = None
    charitable: bool | None = None
    urgent: bool = False
    site_visit: bool = False
    days_in: ZoneInfo = TOWN_ZONE


@dataclass(frozen=True, slots=True)
class FeeLine:
    """One line of the notice; `text` is the formula in German."""

    text: str
    amount_eur: Decimal
    text_en: str = ""


@dataclass(frozen=True, slots=True)
class Fee:
    """The lines add up to the total, to the cent. `official` false: an example tariff, say so.

    tariff_from: first day in force of the version it was calculated by. surcharges_eur: part of the total,
    for work that is done whatever becomes of the use. urgent: as it was asked.
    """

    total_eur: Decimal
    lines: tuple[FeeLine, ...]
    official: bool
    tariff_from: date
    surcharges_eur: Decimal = ZERO
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class _Charge:
    """An exact amount; `year` is the calendar year in which its units begin.

    words: made only for the charges that are taken, writing them costs more than the arithmetic.
    """

    words: Callable[[], tuple[str, str]]
    amount: Decimal
    year: int | None = None


def calculate_fee(tariff: Tariff, question: FeeQuestion) -> Fee | None:
    """The fee, or None where the tariff cannot tell it: no position for the use, the zone or the season,

    a length that the position needs and nobody gave, or a period without an end.
    """
    first, last = question.period.first_day(question.days_in), question.period.last_day(question.days_in)
    items = tariff.items_for(question.use_type, question.zone)
    if last is None or not items or not _covers(items, first, last):
        return None
    charges: list[_Charge] = []
    for item in items:
        if question.charitable and item.charity_exempt:
            charges.append(_Charge(partial(exempt_text, item), ZERO))
            continue
        units = _units(item, question)
        if units is None:
            return None
        ways = [_limited(item, units, way) for way in _ways(tariff, item, units, first, last)]
        charges += min(ways, key=_sum, default=[])
    return replace(_rounded(charges, _surcharges(tariff, question), tariff), urgent=question.urgent)


def _surcharges(tariff: Tariff, question: FeeQuestion) -> list[_Charge]:
    return [
        _Charge(partial(_words, surcharge), surcharge.eur)
        for surcharge in tariff.surcharges
        if _applies(surcharge, question)
    ]


def _covers(items: Sequence[Item], first: date, last: date) -> bool:
    """True if every month of the period is in the season of some item."""
    if any(not item.season_months for item in items):
        return True
    months = {month for item in items for month in item.season_months}
    touched = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    return all(number % 12 + 1 in months for number in touched)


def _units(item: Item, question: FeeQuestion) -> Decimal | None:
    """Units of the item's basis that are paid: without the free ones, in started steps if there are any."""
    if item.basis == "flat":
        return Decimal(1)
    if item.basis == "piece":
        units = Decimal(1 if question.count is None else question.count)
    elif item.basis == "m2":
        units = Decimal(str(question.area_m2)).quantize(Decimal("0.1"), ROUND_HALF_UP)
    elif question.frontage_m is None:
        return None
    else:
        units = Decimal(str(question.frontage_m))
    paid = max(units - item.free_units, ZERO)
    return paid if item.step is None else (paid / item.step).to_integral_value(ROUND_CEILING)


def _ways(tariff: Tariff, item: Item, units: Decimal, first: date, last: date) -> list[list[_Charge]]:
    """The ways to charge that the mode allows; the cheapest of them is taken."""
    prices = {price.unit: price for price in item.prices}
    by_unit = {
        unit: _charges(
            item, units, prices[unit], chunks(unit, first, last, prices[unit].rounding, item.season_months)
        )
        for unit in UNITS_BY_LENGTH
        if unit in prices
    }
    mode = item.mode or tariff.mode
    if len(by_unit) == 1 or mode == "longest_unit":
        return [list(by_unit.values())[-1]]
    if mode == "day_only":
        return [by_unit["day"]]
    mixed: list[list[_Charge]] = []
    if {"day", "month"} <= by_unit.keys():
        months, days = months_then_days(first, last)
        mixed = [_charges(item, units, prices["month"], months) + _charges(item, units, prices["day"], days)]
    return mixed if mode == "months_then_days" else [*by_unit.values(), *mixed]


def _charges(item: Item, units: Decimal, price: Price, counted: Sequence[Chunk]) -> list[_Charge]:
    """One charge for each price level, and for each calendar year where the cap is one of the year."""
    by_year = item.maximum is not None and item.maximum.period == "calendar_year"
    levels: dict[tuple[int | None, Decimal], Decimal] = {}
    for chunk in counted:
        level = (chunk.begins.year if by_year else None, price.at(chunk.position))
        levels[level] = levels.get(level, ZERO) + chunk.share
    return [_charge(item, units, count, price.unit, level) for level, count in levels.items()]


def _charge(
    item: Item, units: Decimal, count: Decimal, unit: Unit, level: tuple[int | None, Decimal]
) -> _Charge:
    year, eur = level
    return _Charge(partial(formula, item, units, count, unit, eur), units * count * eur, year)


def _limited(item: Item, units: Decimal, charges: list[_Charge]) -> list[_Charge]:
    """The charges with the lines that keep them between the item's minimum and maximum."""
    limited = list(charges)
    if item.maximum is not None:
        cap = item.maximum.eur * units if item.maximum.each else item.maximum.eur
        for year in dict.fromkeys(charge.year for charge in charges):
            over = _sum([charge for charge in charges if charge.year == year]) - cap
            if over > 0:
                limited.append(_Charge(partial(cap_text, item.maximum, cap, year), -over, year))
    if item.minimum_eur is not None and (short := item.minimum_eur - _sum(limited)) > 0:
        limited.append(_Charge(partial(minimum_text, item.minimum_eur), short))
    return limited


def _applies(surcharge: Surcharge, question: FeeQuestion) -> bool:
    happens = {"administration": True, "urgent": question.urgent, "site_visit": question.site_visit}[
        surcharge.kind
    ]
    exempt = bool(question.charitable) and surcharge.charity_exempt
    return happens and not exempt and (not surcharge.use_types or question.use_type in surcharge.use_types)


def _words(surcharge: Surcharge) -> tuple[str, str]:
    return surcharge.label.de, surcharge.label.en


def _sum(charges: Iterable[_Charge]) -> Decimal:
    return sum((charge.amount for charge in charges), ZERO)


def _rounded(items: Sequence[_Charge], surcharges: Sequence[_Charge], tariff: Tariff) -> Fee:
    """The total rounded once; a line is the difference of two rounded running totals, so the lines add up."""
    lines: list[FeeLine] = []
    exact = shown = ZERO
    for charge in (*items, *surcharges):
        exact += charge.amount
        total = exact.quantize(CENT, ROUND_HALF_UP)
        text, text_en = charge.words()
        lines.append(FeeLine(text, total - shown, text_en))
        shown = total
    added = _sum(surcharges).quantize(CENT, ROUND_HALF_UP)
    return Fee(shown.quantize(CENT), tuple(lines), tariff.official, tariff.valid_from, added)
