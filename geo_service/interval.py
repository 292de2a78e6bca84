"""Time as a half-open, aware interval; civil days become instants here and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from geo_service.errors import BadInterval

TOWN_ZONE = ZoneInfo("Europe/Berlin")


def midnight(day: date, zone: ZoneInfo = TOWN_ZONE) -> datetime:
    """First instant of a civil day in `zone`; right on days on which clocks change."""
    return datetime.combine(day, time.min, tzinfo=zone)


def _days_later(moment: datetime, days: int, zone: ZoneInfo) -> datetime:
    # Back to UTC: two moments of one zone are compared by their clocks, which mislead in autumn.
    local = moment.astimezone(zone)
    later = datetime.combine(local.date() + timedelta(days=days), local.time().replace(fold=0), tzinfo=zone)
    return later.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Interval:
    """`[start, end)`, aware instants; `end` None = open (not known).

    Raises BadInterval when a bound is naive or the end does not lie after the start.
    """

    start: datetime
    end: datetime | None = None

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or (self.end is not None and self.end.tzinfo is None):
            raise BadInterval("An instant needs its time zone, for example 2026-06-01T08:00:00+02:00.")
        if self.end is not None and self.end <= self.start:
            raise BadInterval()

    @classmethod
    def of_days(cls, first: date, last: date | None, zone: ZoneInfo = TOWN_ZONE) -> Interval:
        """Whole civil days, both included: 1.6. to 14.6. ends at the first instant of 15.6."""
        if last is None:
            return cls(midnight(first, zone))
        if last < first:
            raise BadInterval(f"The last day {last} lies before the first day {first}.")
        return cls(midnight(first, zone), midnight(last + timedelta(days=1), zone))

    def overlaps(self, other: Interval) -> bool:
        """True if some instant lies in both; touching is not overlapping."""
        return (other.end is None or self.start < other.end) and (self.end is None or other.start < self.end)

    def first_day(self, zone: ZoneInfo = TOWN_ZONE) -> date:
        """Civil day of the start."""
        return self.start.astimezone(zone).date()

    def last_day(self, zone: ZoneInfo = TOWN_ZONE) -> date | None:
        """Last civil day touched; None when open. An end at midnight belongs to the day before."""
        if self.end is None:
            return None
        return (self.end.astimezone(zone) - timedelta(microseconds=1)).date()

    def days(self, zone: ZoneInfo = TOWN_ZONE) -> int | None:
        """Number of civil days touched; None when open."""
        last = self.last_day(zone)
        return None if last is None else (last - self.first_day(zone)).days + 1

    def shifted(self, days: int, zone: ZoneInfo = TOWN_ZONE) -> Interval:
        """The same times of the clock so many civil days later; right across days on which clocks change.

        A time that the new day does not have (02:30 in spring) is an hour later there, one that it has twice
        is the first. Raises BadInterval where nothing is left of the interval then.
        """
        return Interval(
            _days_later(self.start, days, zone),
            None if self.end is None else _days_later(self.end, days, zone),
        )

    def to_range(self) -> str:
        """The literal of a PostgreSQL tstzrange, half-open, UTC."""
        # Not kept: two moments of one zone that differ by the fold of autumn are equal to Python.
        end = "" if self.end is None else self.end.astimezone(UTC).isoformat()
        return f"[{self.start.astimezone(UTC).isoformat()},{end})"
