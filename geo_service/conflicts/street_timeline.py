"""What stands in a street over time, and where it conflicts."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from geo_service.conflicts.finding import OtherObject
from geo_service.conflicts.screen_pairs import Screened
from geo_service.conflicts.screen_scope import Scope, street_names_like
from geo_service.conflicts.town_conflicts import list_town_conflicts
from geo_service.conflicts.words import other_label
from geo_service.interval import Interval
from geo_service.sql.loader import statements, text

MOST = 200
_MOST_CONFLICTS = 2_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """One occupation with the findings it has a part in, the worst first."""

    thing: OtherObject
    restriction: str
    conflicts: tuple[Screened, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Timeline:
    """Bars by their start; `cut` if there are more than MOST."""

    bars: tuple[Bar, ...]
    cut: bool


def street_timeline(
    session: Session, town: str, street: str, during: Interval, *, with_ended: bool = False
) -> Timeline:
    """What counts and stands in streets of this name in the town (AGS). Raises NoSuchStreet.

    with_ended: permits that are over and whose place has not been accepted, too.
    """
    names = street_names_like(session, street, town)
    asked = {
        "names": names, "town": town, "during": during.to_range(), "with_ended": with_ended, "most": MOST + 1,
    }  # fmt: skip
    rows = session.execute(text(statements("screening")["street_timeline"]), asked).all()
    scope = Scope(street=street, period=during)
    found = list_town_conflicts(session, town, scope, open_only=False, most=_MOST_CONFLICTS).shown
    bars = []
    for row in rows[:MOST]:
        thing = OtherObject(
            collection=row.collection,
            source_id=str(row.source_id),
            occupation_id=row.occupation_id,
            reference=row.reference,
            town=row.town,
            label=other_label(row.collection, row.use_type, row.kind, row.label),
            use_type=row.use_type,
            kind=row.kind,
            state=row.state,
            published=row.published,
            period=Interval(row.period_start, row.period_end),
        )
        mine = tuple(one for one in found if row.occupation_id in _sides(one))
        bars.append(Bar(thing=thing, restriction=row.restriction, conflicts=mine))
    return Timeline(bars=tuple(bars), cut=len(rows) > MOST)


def _sides(one: Screened) -> set[int | None]:
    other = one.finding.other
    return {one.mine.occupation_id, None if other is None else other.occupation_id}
