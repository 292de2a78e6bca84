"""When something holds, as a part of a sentence: days as people say them, hours only where they count."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import lru_cache

from babel.dates import format_date

from geo_service.interval import TOWN_ZONE, Interval

# Two that do not meet: only a rule on neighbours in time speaks of them.
_APART = {"de": "unmittelbar davor oder danach", "en": "directly before or after"}
_OPEN = {"de": "ab dem {start}", "en": "from {start} on"}
_ONE_DAY = {"de": "am {start}", "en": "on {start}"}
_HOURS = {"de": "am {start} von {first} bis {last} Uhr", "en": "on {start} from {first} to {last}"}
# Inside these days, perhaps not at every hour of them: nightly works are told by first and last day too.
_DAYS = {"de": "in der Zeit vom {start} bis {end}", "en": "in the time from {start} to {end}"}
_KEPT = 65_536  # texts
_AT = {"de": "{day} ({hour} Uhr)", "en": "{day} ({hour})"}


def when_text(during: Interval | None, language: str) -> str:
    """As in “in der Zeit vom 6. bis 14. Juni 2026”; None: “unmittelbar davor oder danach”."""
    if during is None:
        return _APART[language]
    # By plain numbers, which are compared faster than instants with a zone.
    end = None if during.end is None else during.end.timestamp()
    return _when(during.start.timestamp(), end, language)


# A screening tells hundreds of thousands of findings, most of them of the same days.
@lru_cache(maxsize=_KEPT)
def _when(start_s: float, end_s: float | None, language: str) -> str:
    start = datetime.fromtimestamp(start_s, TOWN_ZONE)
    if end_s is None:
        return _OPEN[language].format(start=_moment(start, language))
    end = datetime.fromtimestamp(end_s, TOWN_ZONE)
    first, last = start.date(), (end - timedelta(microseconds=1)).date()
    if start.time() == end.time() == time(0):
        if first == last:
            return _ONE_DAY[language].format(start=long_day(first, language))
        return _DAYS[language].format(start=_shortened(first, last, language), end=long_day(last, language))
    if first == last:
        hours = {"first": f"{start:%H:%M}", "last": "24:00" if end.time() == time(0) else f"{end:%H:%M}"}
        return _HOURS[language].format(start=long_day(first, language), **hours)
    return _DAYS[language].format(start=_moment(start, language), end=_moment(end, language))


def _moment(moment: datetime, language: str) -> str:
    day = long_day(moment.date(), language)
    if moment.time() == time(0):
        return day
    return _AT[language].format(day=day, hour=f"{moment:%H:%M}")


def _shortened(first: date, last: date, language: str) -> str:
    """The first of two days without the month and year that the other one has too."""
    if first.year != last.year:
        return long_day(first, language)
    if first.month != last.month:
        return format_date(first, "d. MMMM" if language == "de" else "d MMMM", language)
    return f"{first.day}." if language == "de" else str(first.day)


@lru_cache(maxsize=_KEPT)
def long_day(day: date, language: str) -> str:
    """6. Juni 2026, 6 June 2026."""
    return format_date(day, "d. MMMM yyyy" if language == "de" else "d MMMM yyyy", language)
