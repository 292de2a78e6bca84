"""Where the strips of a street lie, of every kind of street, against a second account of it in plain words."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

Strip = tuple[str, str, float | None, float | None, str]
MODES = (["car"], ["bus"], ["foot"], ["bicycle"], ["foot", "bicycle"])
KINDS = (
    None, "track", "lane", "advisory_lane", "bicycle_road", "own_way", "segregated_path", "shared_path",
)  # fmt: skip
WAYS = ("no", "forward", "backward")
SOURCES = (None, "assumed", "tagged", "measured")
STRIPS = text(
    "SELECT street.segment_id, strip.* FROM jsonb_populate_recordset(CAST(NULL AS road_segment), CAST(:streets AS jsonb)) AS street"
    " CROSS JOIN LATERAL cross_section_strips(street) AS strip"
)


def plus(*widths: float | None) -> float | None:
    """The sum; of what is not known nothing is known."""
    return None if None in widths else sum(width for width in widths if width is not None)


def minus(width: float | None) -> float | None:
    return None if width is None else -width


def street(**facts: Any) -> dict[str, Any]:
    return {
        "modes": ["car"], "cycleway_kind": None, "one_way": "no", "carriageway_width_m": 6.0, "footway_width_left_m": 2.0,
        "footway_width_right_m": 1.5, "cycleway_width_m": 1.8, "width_source": "measured", **facts,
    }  # fmt: skip


def assumed(one: dict[str, Any], *names: str) -> bool:
    return any((one.get(f"{name}_source") or one["width_source"]) == "assumed" for name in names)


def beside_motor_traffic(one: dict[str, Any]) -> Iterator[tuple[str, str, float | None, float | None, bool]]:
    kind, cycle = one["cycleway_kind"], one["cycleway_width_m"]
    half = None if one["carriageway_width_m"] is None else one["carriageway_width_m"] / 2
    of_kerb, of_cycle = assumed(one, "carriageway_width"), assumed(one, "cycleway_width")
    yield "carriageway", "axis", minus(half), half, of_kerb
    yield "corridor", "axis", minus(half), half, of_kerb
    if kind == "bicycle_road":
        yield "cycleway", "axis", minus(half), half, of_kerb
    for side, ridden in (("left", one["one_way"] != "forward"), ("right", one["one_way"] != "backward")):
        track = cycle if kind == "track" and ridden else 0
        inner = plus(half, track)
        doubtful = of_kerb or assumed(one, f"footway_width_{side}") or (kind == "track" and of_cycle)
        outer = plus(inner, one[f"footway_width_{side}_m"])
        yield "footway", side, *((inner, outer) if side == "left" else (minus(outer), minus(inner))), doubtful
        if kind in ("track", "lane", "advisory_lane") and ridden:
            edges = (half, plus(half, cycle)) if kind == "track" else (plus(half, minus(cycle)), half)
            yield (
                "cycleway",
                side,
                *(edges if side == "left" else (minus(edges[1]), minus(edges[0]))),
                of_kerb or of_cycle,
            )


def of_one_surface(one: dict[str, Any]) -> Iterator[tuple[str, str, float | None, float | None, bool]]:
    kind = one["cycleway_kind"]
    parted = kind in ("own_way", "segregated_path")
    cycle = (None if one["cycleway_width_m"] is None else one["cycleway_width_m"] / 2) if parted else 0
    half = (one["carriageway_width_m"] or 0) / 2
    edges = (
        minus(plus(half, one["footway_width_right_m"], cycle)),
        plus(half, one["footway_width_left_m"], cycle),
    )
    doubtful = assumed(one, "footway_width_left", "footway_width_right") or (
        kind in ("track", "lane", "advisory_lane", "own_way", "segregated_path")
        and assumed(one, "cycleway_width")
    )
    if "foot" in one["modes"] and kind != "own_way":
        yield "footway", "axis", *edges, doubtful
        yield "corridor", "axis", *edges, doubtful
    if kind in ("own_way", "segregated_path", "shared_path"):
        yield "cycleway", "axis", *edges, doubtful


def expected(one: dict[str, Any]) -> set[Strip]:
    sources = [
        one.get(f"{name}_source")
        for name in ("carriageway_width", "footway_width_left", "footway_width_right", "cycleway_width")
    ]
    known = "tagged" if "tagged" in (*sources, one["width_source"]) else "measured"
    strips = beside_motor_traffic(one) if {"car", "bus"} & {*one["modes"]} else of_one_surface(one)
    return {
        (strip, side, low, high, "assumed" if doubtful else known)
        for strip, side, low, high, doubtful in strips
        if low is None or high is None or low < high
    }


def found(session: Session, streets: list[dict[str, Any]]) -> list[set[Strip]]:
    rows = [{**one, "segment_id": str(number)} for number, one in enumerate(streets)]
    strips: list[set[Strip]] = [set() for _ in streets]
    for row in session.execute(STRIPS, {"streets": orjson.dumps(rows).decode()}):
        strips[int(row.segment_id)].add((row.strip, row.side, row.low_m, row.high_m, row.width_source))
    return strips


def test_strips_lie_where_kind_direction_and_widths_say(empty_session: Session) -> None:
    widths = product((6.0, 0.0, None), (2.0, 0.0, None), (1.5, 0.0, None), (1.8, None))
    streets = [
        street(
            modes=modes, cycleway_kind=kind, one_way=way, carriageway_width_m=carriageway, footway_width_left_m=left,
            footway_width_right_m=right, cycleway_width_m=cycle,
        )
        for modes, kind, way, (carriageway, left, right, cycle) in product(MODES, KINDS, WAYS, list(widths))
    ]  # fmt: skip
    for one, strips in zip(streets, found(empty_session, streets), strict=True):
        assert strips == expected(one), one


def test_a_strip_is_assumed_where_a_width_it_rests_on_is(empty_session: Session) -> None:
    names = (
        "carriageway_width_source",
        "footway_width_left_source",
        "footway_width_right_source",
        "cycleway_width_source",
    )
    streets = [
        street(modes=modes, cycleway_kind=kind, width_source=whole, **{name: source})
        for modes, kind, whole, name, source in product(MODES, KINDS, SOURCES[1:], names, SOURCES)
    ]
    for one, strips in zip(streets, found(empty_session, streets), strict=True):
        assert strips == expected(one), one
