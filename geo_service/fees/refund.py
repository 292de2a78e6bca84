"""What is given back of a fee when a permit ends before its period does, by the rule of the town's tariff."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

from geo_service.fees.calculate import CENT, ZERO, FeeQuestion, calculate_fee
from geo_service.fees.tariff import Tariff
from geo_service.interval import Interval, midnight

Why = Literal["revoked", "surrendered", "cleared_early", "changed"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Charged:
    """What was charged for the whole period. by_tariff false: the desk had set the amount itself.

    kept_eur: surcharges for work that is done already, never given back.
    """

    total_eur: Decimal
    kept_eur: Decimal
    by_tariff: bool


def unused_part(
    tariff: Tariff, why: Why, question: FeeQuestion, charged: Charged, *, used_until: datetime
) -> Decimal:
    """Euros to be given back, 0 where the tariff gives nothing or cannot tell (the desk may then say).

    used_until: exclusive; a day that has begun is used. `recalculated`: the difference to the fee of the days
    that were used. `unused_days`: the share of the days that were not. An amount that the desk had set itself
    follows no formula, so it is shared by days wherever the tariff gives anything back.
    """
    rule = getattr(tariff.refunds, why)
    used = _used(question, used_until)
    if rule == "none" or used == question.period:
        return ZERO
    if rule == "recalculated" and charged.by_tariff and used is not None:
        back = _difference(tariff, question, charged, used)
    else:
        back = _share(question, charged, used)
    back = min(max(back, ZERO), charged.total_eur)
    return ZERO if back < tariff.refunds.minimum_eur else back


def _used(question: FeeQuestion, used_until: datetime) -> Interval | None:
    """The part of the period up to the end of the last day that has begun; None before the first."""
    period, zone = question.period, question.days_in
    if used_until <= period.start:
        return None
    last = (used_until.astimezone(zone) - timedelta(microseconds=1)).date()
    end = midnight(last + timedelta(days=1), zone)
    return period if period.end is None or end >= period.end else Interval(period.start, end)


def _difference(tariff: Tariff, question: FeeQuestion, charged: Charged, used: Interval) -> Decimal:
    fee = calculate_fee(tariff, replace(question, period=used))
    return ZERO if fee is None else charged.total_eur - fee.total_eur


def _share(question: FeeQuestion, charged: Charged, used: Interval | None) -> Decimal:
    days = question.period.days(question.days_in)
    if days is None:
        return ZERO
    unused = days - (0 if used is None else used.days(question.days_in) or 0)
    return ((charged.total_eur - charged.kept_eur) * unused / days).quantize(CENT, ROUND_HALF_UP)
