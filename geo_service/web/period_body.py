"""A period as clients state it: whole civil days or instants."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated

from pydantic import AwareDatetime, Field

from geo_service.errors import BadInterval, FieldFault
from geo_service.interval import TOWN_ZONE, Interval
from geo_service.occupations.parameters import general_value
from geo_service.web.storable import StorableBody


class PeriodProperties(StorableBody):
    """Either `from` and `until` (days, both included) or `start` and `end` (instants, the end excluded)."""

    first: Annotated[date | None, Field(alias="from")] = None
    until: date | None = None
    start: AwareDatetime | None = None
    end: AwareDatetime | None = None

    def period(self, *, open_end: bool = False, limited: bool = True) -> Interval:
        """The period; `open_end`: its end may be left out; `limited`: to the longest that a use may last.

        Raises BadInterval with pointers.
        """
        if self.first is None and self.until is None and self.start and (self.end or open_end):
            period = _of_instants(self.start, self.end)
        elif self.start is None and self.end is None and self.first and (self.until or open_end):
            period = _of_days(self.first, self.until)
        else:
            raise bad_period(
                "/properties/from",
                "A period is needed: either from and until (days), or start and end (instants).",
            )
        longest = general_value("max_period_days", datetime.now(TOWN_ZONE).date())
        days = period.days()
        if limited and days is not None and days > longest:
            raise bad_period(
                "/properties/until", f"The period has {days} days; at most {longest:.0f} are accepted."
            )
        return period


def _of_days(first: date, until: date | None) -> Interval:
    if until is not None and until < first:
        raise bad_period("/properties/until", "The last day lies before the first day.")
    if not (first.year >= 1900 and (until or first).year <= 2200):
        raise bad_period("/properties/from", "The year is not plausible.")
    return Interval.of_days(first, until)


def _of_instants(start: datetime, end: datetime | None) -> Interval:
    if not (start.year >= 1900 and (end or start).year <= 2200):
        raise bad_period("/properties/start", "The year is not plausible.")
    if end is not None and end <= start:
        raise bad_period("/properties/end", "The end must lie after the start.")
    return Interval(start.astimezone(UTC), None if end is None else end.astimezone(UTC))


def bad_period(pointer: str, detail: str) -> BadInterval:
    """The error for one faulty place."""
    return BadInterval(detail, errors=[FieldFault(pointer, detail)])
