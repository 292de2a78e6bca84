"""How many units of time a fee counts, in civil days of the town; started months as § 188 BGB counts them."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

from geo_service.fees.tariff import Unit

WHOLE = Decimal(1)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Chunk:
    """One unit of time: its number in the permit (from 0), first day, share that counts (0 < share ≤ 1)."""

    position: int
    begins: date
    share: Decimal = WHOLE


def chunks(
    unit: Unit, first: date, last: date, rounding: Literal["started", "exact"], season: Collection[int]
) -> list[Chunk]:
    """The units of a period of whole days `first` to `last`, both included.

    season: months 1–12 in which days and seasons count; empty = all.
    """
    if unit == "once":
        return [Chunk(0, first)]
    if unit == "day":
        return [chunk for chunk in day_chunks(first, last) if not season or chunk.begins.month in season]
    if unit == "season":
        years = sorted({day.year for day in _days(first, last) if day.month in season})
        return [Chunk(number, max(first, date(year, 1, 1))) for number, year in enumerate(years)]
    found: list[Chunk] = []
    begins = first
    while begins <= last:
        ends = unit_end(unit, first, len(found) + 1)
        share = WHOLE
        if rounding == "exact" and ends > last:
            share = Decimal((last - begins).days + 1) / Decimal((ends - begins).days + 1)
        found.append(Chunk(len(found), begins, share))
        begins = ends + _DAY
    return found


def day_chunks(first: date, last: date, offset: int = 0) -> list[Chunk]:
    """Every day of the period; the first has the number `offset`."""
    return [Chunk(offset + number, day) for number, day in enumerate(_days(first, last))]


def months_then_days(first: date, last: date) -> tuple[list[Chunk], list[Chunk]]:
    """The whole months from the first day, and the days that are left."""
    months: list[Chunk] = []
    begins = first
    while (ends := unit_end("month", first, len(months) + 1)) <= last:
        months.append(Chunk(len(months), begins))
        begins = ends + _DAY
    return months, day_chunks(begins, last, (begins - first).days)


def unit_end(unit: Unit, first: date, count: int) -> date:
    """Last day of `count` weeks, months or years that begin on `first`: 1.6. → 30.6., 31.1. → 28.2."""
    if unit == "week":
        return first + timedelta(days=7 * count - 1)
    months = first.month - 1 + count * (12 if unit == "year" else 1)
    year, month = first.year + months // 12, months % 12 + 1
    if first.day == 1:
        return date(year, month, 1) - _DAY
    return date(year, month, min(first.day - 1, monthrange(year, month)[1]))


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]
