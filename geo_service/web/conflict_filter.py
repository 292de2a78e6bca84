"""The filters of a desk's conflicts and timeline as they stand in an address."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends, Query

from geo_service.conflicts.screen_scope import Scope
from geo_service.interval import Interval, midnight

SEVERITIES = ("block", "undetermined", "warn", "info", "chance")
_FIRST_DAY = date(1900, 1, 1)


@dataclass(frozen=True, kw_only=True, slots=True)
class ConflictFilter:
    """What to show. What cannot be read is left out: a page answers, whatever stands in its address."""

    severity: str
    street: str
    first: date | None
    until: date | None
    settled: bool

    def scope(self) -> Scope:
        """The same as the scope of a screening."""
        return Scope(
            street=self.street or None,
            period=self.period(),
            severities=frozenset({self.severity}) if self.severity else None,
        )

    def period(self) -> Interval | None:
        """Civil days, both included; None where no day is given or the last lies before the first."""
        if self.first is None and self.until is None:
            return None
        start = self.first or _FIRST_DAY
        if self.until is None:
            return Interval(midnight(start))
        return None if self.until < start else Interval.of_days(start, self.until)

    def query(self) -> str:
        """As it stands in an address; empty where nothing is chosen."""
        given = {
            "severity": self.severity,
            "street": self.street,
            "from": self.first.isoformat() if self.first else "",
            "until": self.until.isoformat() if self.until else "",
            "settled": "yes" if self.settled else "",
        }
        return urlencode({name: value for name, value in given.items() if value})


def read_filter(
    severity: Annotated[str, Query(max_length=20)] = "",
    street: Annotated[str, Query(max_length=200)] = "",
    first: Annotated[str, Query(alias="from", max_length=10)] = "",
    until: Annotated[str, Query(max_length=10)] = "",
    settled: Annotated[str, Query(max_length=5)] = "",
) -> ConflictFilter:
    """From the parameters of a request."""
    return ConflictFilter(
        severity=severity if severity in SEVERITIES else "",
        street=street.replace("\0", "").strip(),
        first=day_of(first),
        until=day_of(until),
        settled=settled == "yes",
    )


def day_of(words: str) -> date | None:
    """A plausible civil day, else None."""
    try:
        day = date.fromisoformat(words)
    except ValueError:
        return None
    return day if 1900 <= day.year <= 2200 else None


AskedFilter = Annotated[ConflictFilter, Depends(read_filter)]
