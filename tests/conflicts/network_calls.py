"""Asks the functions of the network one by one, on a few streets that a test draws."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo_service.occupations.occupation import Occupation
from geo_service.occupations.row import occupation_row

EAST, NORTH = 470_000.0, 5_505_000.0
FIRST = datetime(2026, 6, 1, tzinfo=UTC)
Rows = list[dict[str, Any]]


def span(first: float, until: float | None) -> str:
    """A range in days since the first one; None = open."""
    low = FIRST + timedelta(days=first)
    high = "" if until is None else (FIRST + timedelta(days=until)).isoformat()
    return f"[{low.isoformat()},{high})"


def times(*spans: tuple[float, float | None]) -> str:
    return "{" + ",".join(span(*one) for one in spans) + "}"


def closure(
    driven: Iterable[int] = (), *, walked: Iterable[int] = (), during: str = times((0, 14)), **facts: Any
) -> dict[str, Any]:
    """A network_closure; binding, of known times and guidance where nothing else is said."""
    return {
        "occupation_id": None, "binding": True, "times": during, "times_known": True, "driven": list(driven),
        "reached": list(driven), "walked": list(walked), "guidance_known": True, **facts,
    }  # fmt: skip


_CLOSURE = "jsonb_populate_record(CAST(NULL AS network_closure), CAST(:{} AS jsonb))"
_CLOSURES = (
    "ARRAY(SELECT jsonb_populate_record(CAST(NULL AS network_closure), one)"
    " FROM jsonb_array_elements(CAST(:{} AS jsonb)) AS one)"
)
_OCCUPATION = "jsonb_populate_record(CAST(NULL AS occupation), CAST(:{} AS jsonb))"
_BOX = (
    "ST_SetSRID(CAST(ST_MakeBox2D(ST_Point((CAST(:{0} AS float[]))[1], (CAST(:{0} AS float[]))[2]),"
    " ST_Point((CAST(:{0} AS float[]))[3], (CAST(:{0} AS float[]))[4])) AS geometry), 25832)"
)


class Net:
    """The streets of a test. mine, others …: closures as `closure` makes them."""

    def __init__(self, session: Session, scenery: Any) -> None:
        self.session, self.scenery = session, scenery

    def add(self, *roads: Mapping[str, Any]) -> None:
        for road in roads:
            self.scenery.add_road(self.session, {"id": road["name"], **road})

    def gids(self, *names: str) -> list[int]:
        """Of segments, by their names."""
        known: dict[str, int] = {
            row.segment_id: row.gid
            for row in self.session.execute(text("SELECT gid, segment_id FROM road_segment"))
        }
        return [known[name] for name in names]

    def call(self, function: str, *given: Any) -> Rows:
        """The rows of a function; what is given is a value or made by one of the functions below."""
        spoken, values = [], {}
        for number, one in enumerate(given):
            sql, value = one if isinstance(one, tuple) else (":{}", one)
            name = f"given_{number}"
            spoken.append(sql.format(name))
            values[name] = value
        asked = text(f"SELECT * FROM {function}({', '.join(spoken)})")
        return [dict(row) for row in self.session.execute(asked, values).mappings()]

    def one(self, function: str, *given: Any) -> Any:
        """The only value that a function returns."""
        (row,) = self.call(function, *given)
        (value,) = row.values()
        return value


def a_box(west: float, south: float, east: float, north: float) -> tuple[str, Any]:
    corners = [EAST + west, NORTH + south, EAST + east, NORTH + north]
    return _BOX, corners


def bigints(values: Sequence[int] | None) -> tuple[str, Any]:
    return "CAST(:{} AS bigint[])", None if values is None else list(values)


def json(value: Any) -> tuple[str, Any]:
    return "CAST(:{} AS jsonb)", None if value is None else orjson.dumps(value).decode()


def instant(days: float) -> tuple[str, Any]:
    return "CAST(:{} AS timestamptz)", FIRST + timedelta(days=days)


def the_closure(one: Mapping[str, Any]) -> tuple[str, Any]:
    return _CLOSURE, orjson.dumps(one).decode()


def the_closures(many: Sequence[Mapping[str, Any]]) -> tuple[str, Any]:
    return _CLOSURES, orjson.dumps(list(many)).decode()


def the_occupation(one: Occupation) -> tuple[str, Any]:
    return _OCCUPATION, orjson.dumps(occupation_row(one)).decode()


def multirange(value: str) -> tuple[str, Any]:
    return "CAST(:{} AS tstzmultirange)", value


EVERYWHERE = a_box(-5000, -5000, 5000, 5000)
IN_TIME, TOO_LATE = instant(365 * 70), instant(-365 * 20)  # when a function gives up
FACTOR = 2.0


def street(name: str, a: int, b: int, line: list[list[float]], **facts: Any) -> dict[str, Any]:
    """A road of the scenery from one junction to another."""
    return {"name": name, "line": line, "nodes": [a, b], **facts}
