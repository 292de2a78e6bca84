"""What a screening looks at: a town, a street, a period, some rules; and what that means in the database."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from geo_service.errors import NotFound
from geo_service.interval import Interval
from geo_service.roads.street_names import normal_street_name
from geo_service.sql.loader import statements, text


class NoSuchStreet(NotFound):
    """There is no street of this name."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """None = everything. A pair is in question when either of the two is.

    town: AGS. street: as people write it. period: when the two of a pair meet, or whoever has an own finding
    stands. severities, rules: codes and names of rule files.
    """

    town: str | None = None
    street: str | None = None
    period: Interval | None = None
    severities: frozenset[str] | None = None
    rules: frozenset[str] | None = None

    def of_town(self, ags: str) -> Scope:
        """The same for one town."""
        return replace(self, town=ags)


@dataclass(frozen=True, kw_only=True, slots=True)
class Bounds:
    """A scope as conditions on «who», an occupation, with what they ask for."""

    conditions: tuple[str, ...]
    binds: dict[str, Any]

    def on(self, alias: str) -> str:
        """The conditions together, on a table of this name."""
        return " AND ".join(self.conditions).replace("«who»", alias) or "true"

    def asked(self) -> dict[str, Any]:
        """What the conditions ask for; `during` is asked of findings only."""
        return {name: value for name, value in self.binds.items() if name != "during"}


def bounds_of(session: Session, scope: Scope, *, reach_days: int) -> Bounds:
    """The scope for candidates that may lie `reach_days` civil days apart. Raises NoSuchStreet."""
    conditions: list[str] = []
    binds: dict[str, Any] = {}
    if scope.town is not None:
        conditions.append("«who».town = :town")
        binds["town"] = scope.town
    if scope.street is not None:
        conditions.append("«who».occupation_id = ANY(CAST(:in_street AS bigint[]))")
        binds["in_street"] = occupations_in_street(session, scope.street, scope.town)
    if scope.period is not None:
        conditions.append("«who».period && CAST(:around AS tstzrange)")
        binds["around"] = _free_on_both_sides(scope.period, reach_days).to_range()
        binds["during"] = scope.period.to_range()
    return Bounds(conditions=tuple(conditions), binds=binds)


def occupations_in_street(session: Session, street: str, town: str | None) -> list[int]:
    """Ids of what counts and stands in streets of this name. Raises NoSuchStreet."""
    names = street_names_like(session, street, town)
    rows = session.execute(
        text(statements("screening")["screening_in_streets"]), {"names": names, "town": town}
    )
    return list(rows.scalars())


def street_names_like(session: Session, street: str, town: str | None) -> list[str]:
    """The stored spellings of a street's name as somebody wrote it. Raises NoSuchStreet."""
    wanted = normal_street_name(street)
    known = session.execute(text(statements("screening")["screening_streets"]), {"town": town}).scalars()
    names = [name for name in known if normal_street_name(name) == wanted]
    if not names:
        raise NoSuchStreet(f"There is no street called {street!r}" + (f" in {town}." if town else "."))
    return names


def _free_on_both_sides(period: Interval, days: int) -> Interval:
    """At least so many civil days more; two days above it hold every change of clocks and the day begun."""
    more = timedelta(days=days + 3)
    return Interval(period.start - more, None if period.end is None else period.end + more)
