"""Public and school holidays of Hessen; the package is loaded when the first day is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from holidays import HolidayBase


def days_off(**asked: Any) -> HolidayBase:
    """The calendar of Hessen; asked: `years` and `categories`, as the package `holidays` takes them."""
    import holidays  # noqa: PLC0415 - who only serves maps need not hold the calendars of the world

    return holidays.country_holidays("DE", subdiv="HE", **asked)
