"""`datetime`: an instant, a civil day or a closed interval of them, as a range of PostgreSQL."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, date, datetime, timedelta

from geo_service.errors import FieldFault, Malformed
from geo_service.interval import midnight

DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_INSTANT = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2}:\d{2})(\.\d{1,12})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII
)
_DURATION = re.compile(
    r"P(?=[\dT])(?:(\d{1,4})Y)?(?:(\d{1,5})M)?(?:(\d{1,5})W)?(?:(\d{1,6})D)?"
    r"(?:T(?=\d)(?:(\d{1,6})H)?(?:(\d{1,7})M)?(?:(\d{1,8})S)?)?",
    re.ASCII,
)
_OPEN = ("", "..")


def bad_moment(detail: str) -> Malformed:
    """The answer to a time that cannot be read."""
    return Malformed(f"datetime: {detail}", errors=[FieldFault("datetime", detail)])


def read_datetime(value: str) -> str | None:
    """Literal of a tstzrange; None when both ends are open. A bare date is the whole day in Europe/Berlin.

    Intervals are closed: a feature that begins at the very end asked for is among them. Raises Malformed.

    >>> read_datetime("2026-06-01")
    '[2026-05-31T22:00:00+00:00,2026-06-01T22:00:00+00:00)'
    >>> read_datetime("2026-06-01T08:00:00Z/..")
    '[2026-06-01T08:00:00+00:00,)'
    >>> read_datetime("2026-06-01/P2D")
    '[2026-05-31T22:00:00+00:00,2026-06-02T22:00:00+00:00)'
    """
    parts = value.split("/")
    if len(parts) > 2:
        raise bad_moment("An interval has one slash: start/end.")
    if len(parts) == 1:
        if value in _OPEN:
            raise bad_moment("An instant, a date or an interval is needed.")
        parts = [value, value]
    try:
        start = None if parts[0] in _OPEN else _start(parts[0])
        end, closing = (None, ")") if parts[1] in _OPEN else _end(parts[1], parts[0])
    except (ValueError, OverflowError):
        raise bad_moment(
            "A time is written 2026-06-01T08:00:00Z (or with +02:00), a day 2026-06-01, an open end .. ."
        ) from None
    if start is None and end is None:
        return None
    if start is not None and end is not None and (start > end or (start == end and closing == ")")):
        raise bad_moment("The interval ends before it starts.")
    return f"[{'' if start is None else start.isoformat()},{'' if end is None else end.isoformat()}{closing}"


def _start(text: str) -> datetime:
    return midnight(date.fromisoformat(text)).astimezone(UTC) if DAY.fullmatch(text) else read_instant(text)


def _end(text: str, start: str) -> tuple[datetime, str]:
    if text.startswith("P"):
        return _after(start, text)
    if DAY.fullmatch(text):
        return midnight(date.fromisoformat(text) + timedelta(days=1)).astimezone(UTC), ")"
    return read_instant(text), "]"


def _after(start: str, duration: str) -> tuple[datetime, str]:
    """The end of a duration (ISO 8601): whole days behind a day, to the second behind an instant.

    No version of OGC API Features has it, but its official test suite asks for it, and so may others.
    """
    parts = _DURATION.fullmatch(duration)
    if parts is None:
        raise ValueError(duration)
    years, months, weeks, days, hours, minutes, seconds = (int(part or 0) for part in parts.groups())
    of_a_day = DAY.fullmatch(start) is not None
    first = midnight(date.fromisoformat(start)) if of_a_day else read_instant(start)
    last = _months_later(first.date(), 12 * years + months) + timedelta(weeks=weeks, days=days)
    there = midnight(last) if of_a_day else datetime.combine(last, first.timetz())
    clock = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    return there.astimezone(UTC) + clock, ")" if of_a_day else "]"


def _months_later(day: date, months: int) -> date:
    """The same day of a later month, or its last one."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    if year > date.max.year:
        raise OverflowError(year)
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def read_instant(text: str) -> datetime:
    """An instant with its zone, in UTC. Raises ValueError, OverflowError."""
    parts = _INSTANT.fullmatch(text)
    if parts is None:
        raise ValueError(text)
    day, clock, fraction, zone = parts.groups()
    return datetime.fromisoformat(
        f"{day}T{clock}{(fraction or '')[:7]}{zone.upper().replace('Z', '+00:00')}"
    ).astimezone(UTC)
