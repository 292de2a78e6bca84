"""`/towns/{slug}/desk/timeline`: what stands in a street over time, as bars in a table; conflicts marked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from geo_service.conflicts.finding import other_document
from geo_service.conflicts.screen_files import screened_document
from geo_service.conflicts.screen_pairs import Screened
from geo_service.conflicts.screen_scope import NoSuchStreet
from geo_service.conflicts.street_timeline import MOST, Bar, Timeline, street_timeline
from geo_service.identity.caller import Caller, require_desk
from geo_service.identity.secrets import csrf_token
from geo_service.interval import TOWN_ZONE, Interval
from geo_service.sql.loader import statements, text
from geo_service.towns.town import get_town
from geo_service.web.conflict_filter import AskedFilter, ConflictFilter
from geo_service.web.page import page
from geo_service.web.scope import CurrentCaller, PublicSession
from geo_service.web.sign_in_cookie import sign_in_cookie

router = APIRouter(include_in_schema=False)

_BEFORE, _AFTER = timedelta(days=14), timedelta(days=120)  # shown where no days are given
_LONGEST = timedelta(days=3_660)
WIDTH = 1000.0  # of the drawing, in its own units


@dataclass(frozen=True, kw_only=True, slots=True)
class Scale:
    """Turns instants into places along a bar."""

    span: Interval

    def place(self, moment: datetime | None) -> float:
        """0 … WIDTH; an open end is the right edge."""
        end = self.span.end
        assert end is not None
        share = 1.0 if moment is None else (moment - self.span.start) / (end - self.span.start)
        return round(WIDTH * min(max(share, 0.0), 1.0), 1)

    def stretch(self, period: Interval) -> tuple[float, float]:
        """Place and width; never so narrow that it cannot be seen."""
        left = self.place(period.start)
        width = max(self.place(period.end) - left, 3.0)
        return min(left, WIDTH - width), width


@router.get("/towns/{slug}/desk/timeline")
def timeline(
    slug: str, request: Request, session: PublicSession, caller: CurrentCaller, asked: AskedFilter
) -> Response:
    """A street of the town; without one, the choice of it."""
    town = get_town(session, slug)
    require_desk(caller, town.ags)
    span = span_of(asked, datetime.now(TOWN_ZONE).date())
    known, found = True, Timeline(bars=(), cut=False)
    if asked.street:
        try:
            found = street_timeline(session, town.ags, asked.street, span)
        except NoSuchStreet:
            known = False
    scale = Scale(span=span)
    streets = session.execute(text(statements("screening")["screening_streets"]), {"town": town.ags})
    cookie = sign_in_cookie(request)
    return page(
        request,
        "desk_timeline.html",
        town=town,
        caller=caller,
        asked=asked,
        span=span,
        street_known=known,
        query=asked.query(),
        streets=sorted(streets.scalars()),
        rows=[row_of(bar, scale, caller) for bar in found.bars],
        months=months_of(scale),
        today=scale.place(datetime.now(TOWN_ZONE)) if span.overlaps(_now()) else None,
        cut=found.cut,
        most=MOST,
        width=WIDTH,
        csrf=csrf_token(cookie) if cookie else "",
    )


def _now() -> Interval:
    now = datetime.now(TOWN_ZONE)
    return Interval(now, now + timedelta(microseconds=1))


def span_of(asked: ConflictFilter, today: date) -> Interval:
    """The days asked for, else some weeks around today; at most ten years, so that something can be seen."""
    first = asked.first or (asked.until - _AFTER if asked.until else today - _BEFORE)
    last = asked.until or first + _BEFORE + _AFTER
    last = max(last, first)
    return Interval.of_days(first, min(last, first + _LONGEST))


def row_of(bar: Bar, scale: Scale, caller: Caller) -> dict[str, Any]:
    """One line of the table: what it is, its bar, and its conflicts as marks and in words."""
    thing = bar.thing
    assert thing.period is not None
    left, width = scale.stretch(thing.period)
    return {
        "thing": other_document(thing, caller),
        "restriction": bar.restriction,
        "period": thing.period,
        "left": left,
        "width": width,
        "marks": [_mark(one, scale, thing.period) for one in bar.conflicts],
        "conflicts": [_conflict(one, bar, caller) for one in bar.conflicts],
    }


def _mark(one: Screened, scale: Scale, period: Interval) -> dict[str, Any]:
    left, width = scale.stretch(one.finding.during or period)
    return {"left": left, "width": width, "severity": one.finding.severity}


def _conflict(one: Screened, bar: Bar, caller: Caller) -> dict[str, Any]:
    """A finding from the side of the bar: its partner is whoever is not the bar itself."""
    document = screened_document(one, caller)
    is_mine = one.mine.occupation_id == bar.thing.occupation_id
    return {**document, "partner": document["other"] if is_mine else document["mine"]}


def months_of(scale: Scale) -> list[dict[str, Any]]:
    """The first days of months with their places; of years only, where months would be too many."""
    first, last = scale.span.first_day(), scale.span.last_day()
    assert last is not None
    step = 12 if (last - first).days > 800 else 1
    day = date(first.year, 1 if step == 12 else first.month, 1)
    found = []
    while day <= last:
        if day >= first:
            found.append({"day": day, "place": scale.place(Interval.of_days(day, day).start)})
        month = day.month - 1 + step
        day = date(day.year + month // 12, month % 12 + 1, 1)
    return found
