"""Days, instants, periods and numbers as people write them, in German or English; for pages and documents."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from geo_service.interval import TOWN_ZONE, Interval

Language = Literal["de", "en"]


def day_text(day: date | None, language: Language) -> str:
    """A civil day as people write it; in German TT.MM.JJJJ (DIN 5008)."""
    if day is None:
        return "offen" if language == "de" else "open"
    return f"{day:%d.%m.%Y}" if language == "de" else f"{day.day} {day:%b} {day.year}"


def moment_text(moment: datetime, language: Language) -> str:
    """An instant in the town's clock time."""
    local = moment.astimezone(TOWN_ZONE)
    return f"{day_text(local.date(), language)}, {local:%H:%M}" + (" Uhr" if language == "de" else "")


def period_text(period: Interval | Mapping[str, str | None] | None, language: Language) -> str:
    """First and last civil day; also of a JSON period with instants, end exclusive."""
    if period is None:
        return "–"
    if not isinstance(period, Interval):
        start, end = period["start"], period["end"]
        if start is None:
            return "–"
        period = Interval(datetime.fromisoformat(start), None if end is None else datetime.fromisoformat(end))
    first, last = period.first_day(), period.last_day()
    if first == last:
        return day_text(first, language)
    return f"{day_text(first, language)} – {day_text(last, language)}"


def number_text(number: float | Decimal, language: Language, digits: int = 1) -> str:
    """A number with the separators of the language."""
    text = f"{number:,.{digits}f}"
    return text.translate(str.maketrans(",.", ".,")) if language == "de" else text
