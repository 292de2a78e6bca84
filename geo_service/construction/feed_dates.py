"""Dates as feeds write them become one half-open period; what cannot be read is refused, never guessed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from geo_service.construction.feed_profile import Period, When
from geo_service.errors import BadInterval
from geo_service.interval import Interval, midnight

YEARS = range(1950, 2151)
_MILLISECONDS = 10**11  # seconds since 1970 reach this in the year 5138, milliseconds in 1973


def read_period(rules: Period, start: Any, end: Any) -> Interval:
    """The period of one record; `start`, `end`: as delivered, None = empty. Raises BadInterval.

    A bare date is the whole civil day, so an end of 14.6. is over at the first instant of 15.6.;
    23:59 means the end of that day. No end, or one that the profile calls open: open period.
    """
    zone = ZoneInfo(rules.zone)
    if start is None:
        raise BadInterval(f"there is no start ({rules.start.field} is empty)")
    first = _read(rules.start, start, zone)
    begin = first if isinstance(first, datetime) else midnight(first, zone)
    if end is None or str(end).strip() in rules.end.means_open:
        return Interval(begin)
    last = _read(rules.end, end, zone)
    over = _whole_day(last, zone) if isinstance(last, datetime) else midnight(last + timedelta(days=1), zone)
    if over <= begin:
        raise BadInterval(f"the end {str(end)[:40]} lies before the start {str(start)[:40]}")
    return Interval(begin, over)


def _whole_day(last: datetime, zone: ZoneInfo) -> datetime:
    local = last.astimezone(zone)
    if (local.hour, local.minute) == (23, 59):
        return midnight(local.date() + timedelta(days=1), zone)
    return last


def _read(when: When, value: Any, zone: ZoneInfo) -> date | datetime:
    for form in when.formats:
        found = _as(form, value, zone)
        if found is None:
            continue
        if found.year not in YEARS:
            raise BadInterval(f"{when.field}: the year {found.year} is not plausible")
        return found
    hint = ""
    if isinstance(value, int | float) or str(value).strip().lstrip("-").isdigit():
        many = abs(float(value)) >= _MILLISECONDS
        hint = f"; it looks like {'milli' if many else ''}seconds since 1970 (epoch_{'ms' if many else 's'})"
    raise BadInterval(
        f"{when.field}: {str(value)[:40]!r} is not a date in the form {' or '.join(when.formats)}{hint}"
    )


def _as(form: str, value: Any, zone: ZoneInfo) -> date | datetime | None:
    """The value in one form; None when it has another."""
    text = " ".join(str(value).split())
    try:
        if form in ("epoch_ms", "epoch_s"):
            if isinstance(value, bool):
                return None
            return datetime.fromtimestamp(float(value) / (1000 if form == "epoch_ms" else 1), UTC)
        if form == "iso":
            return _iso(text, zone)
        moment = datetime.strptime(text, form)  # noqa: DTZ007  the zone follows below
    except (ValueError, OverflowError, OSError, TypeError):
        return None
    if not any(part in form for part in ("%H", "%I", "%X", "%c", "%T")):
        return moment.date()
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def _iso(text: str, zone: ZoneInfo) -> date | datetime:
    if len(text) == len("2026-01-31"):
        return date.fromisoformat(text)
    if not text[:4].isdigit() or text[4:5] != "-":
        raise ValueError(text)  # 20260131 or 1785542400000 would be read as something else than meant
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)
