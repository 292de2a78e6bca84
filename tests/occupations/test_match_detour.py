"""A drawn detour becomes a run of segments, and says where it lies on no known street."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import pytest
from shapely.affinity import translate
from shapely.geometry import LineString, MultiLineString
from shapely.geometry.base import BaseGeometry
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo_service.db.database import speak_as
from geo_service.interval import Interval
from geo_service.occupations.locate import NOWHERE
from geo_service.occupations.match_detour import match_detour
from geo_service.occupations.occupation import Occupation
from geo_service.occupations.row import get_occupation
from geo_service.occupations.write_many import save_occupations
from geo_service.occupations.write_occupation import save_occupation

EAST, NORTH = 470_000.0, 5_505_000.0
TODAY = date(2026, 5, 1)
# Two long streets 100 m apart with three rungs between, and what must not be taken for them.
STREETS: dict[str, dict[str, Any]] = {
    "low 1": {"line": [[0, 0], [200, 0]]},
    "low 2": {"line": [[400, 0], [200, 0]]},  # drawn against the others
    "high 1": {"line": [[0, 100], [200, 100]]},
    "high 2": {"line": [[200, 100], [400, 100]]},
    "rung 0": {"line": [[0, 0], [0, 100]]},
    "rung 200": {"line": [[200, 0], [200, 100]]},
    "rung 400": {"line": [[400, 0], [400, 100]]},
    "path": {"line": [[0, 108], [400, 108]], "modes": ["foot", "bicycle"]},
    "planned": {"line": [[0, 2], [400, 2]], "in_service": False},
    "slip road": {"line": [[100, 0], [150, 40]]},
    "there": {"line": [[0, 300], [200, 300]], "one_way": "forward"},
    "back": {"line": [[0, 310], [200, 310]], "one_way": "backward"},
    "lonely": {"line": [[0, 350], [200, 350]], "one_way": "backward"},
    "short": {"line": [[0, 400], [6, 400]]},
    "after the short": {"line": [[6, 400], [200, 400]]},
}


@pytest.fixture
def town(empty_session: Session) -> Session:
    speak_as(empty_session, actor="operator")
    for name, words in STREETS.items():
        values = {
            "name": name,
            "wkt": line(words["line"]).wkt,
            "modes": words.get("modes", ["car", "bicycle", "foot"]),
            "one_way": words.get("one_way", "no"),
            "in_service": words.get("in_service", True),
        }
        empty_session.execute(
            text(
                "INSERT INTO road_segment (segment_id, road_class, axis, modes, one_way, in_service, width_source,"
                " source, source_id) VALUES (:name, 'gemeindestrasse', ST_SetSRID(ST_GeomFromText(:wkt), 25832),"
                " :modes, :one_way, :in_service, 'tagged', 'test', :name)"
            ),
            values,
        )
    return empty_session


def line(points: Sequence[Sequence[float]]) -> BaseGeometry:
    return translate(LineString(points), EAST, NORTH)


def detour(way: BaseGeometry, *, modes: Sequence[str] = ("car",)) -> Occupation:
    source = uuid4()
    return Occupation(
        collection="detours", source_id=source, case_group=source, state="confirmed", counts=True, binding=True,
        published=True, period=Interval.of_days(TODAY, TODAY), exclusive=False, filed_at=datetime(2026, 5, 1, tzinfo=UTC),
        detour=way, detour_modes=frozenset(modes),
    )  # fmt: skip


def names(session: Session, occupation: Occupation) -> list[str]:
    known = dict(session.execute(text("SELECT gid, segment_id FROM road_segment")).tuples().all())
    return [known[gid] for gid in occupation.detour_segments or ()]


def run(session: Session, points: Sequence[Sequence[float]], **more: Any) -> list[str]:
    return names(session, match_detour(session, detour(line(points), **more), day=TODAY))


def test_the_segments_come_in_driving_order(town: Session) -> None:
    there = [[0, 1], [0, 100], [400, 100], [400, 0]]
    assert run(town, there) == ["rung 0", "high 1", "high 2", "rung 400"]
    assert run(town, there[::-1]) == ["rung 400", "high 2", "high 1", "rung 0"]


def test_what_is_crossed_or_only_passed_is_not_driven(town: Session) -> None:
    assert run(town, [[0, 0], [400, 0]]) == ["low 1", "low 2"]  # neither the rungs nor the slip road


def test_a_part_of_a_segment_counts(town: Session) -> None:
    assert run(town, [[0, 0], [30, 0]]) == ["low 1"]
    assert run(town, [[198, 0], [400, 0]]) == ["low 2"]  # two metres of the first are drawing noise


def test_a_segment_shorter_than_the_noise_is_driven_all_the_same(town: Session) -> None:
    assert run(town, [[0, 400], [200, 400]]) == ["short", "after the short"]


def test_what_is_driven_twice_stands_there_once(town: Session) -> None:
    loop = [[0, 0], [200, 0], [200, 100], [0, 100], [0, 0], [200, 0]]
    assert run(town, loop) == ["low 1", "rung 200", "high 1", "rung 0"]


def test_parts_of_a_line_follow_each_other(town: Session) -> None:
    parts = MultiLineString([line([[200, 100], [400, 100]]), line([[0, 0], [200, 0]])])
    assert names(town, match_detour(town, detour(parts), day=TODAY)) == ["high 2", "low 1"]


def test_each_mode_has_its_streets(town: Session) -> None:
    assert run(town, [[0, 108], [400, 108]]) == ["high 1", "high 2"]
    assert run(town, [[0, 108], [400, 108]], modes=["foot"]) == ["path"]


def test_of_two_carriageways_the_one_that_leads_there(town: Session) -> None:
    assert run(town, [[0, 306], [200, 306]]) == ["there"]
    assert run(town, [[200, 304], [0, 304]]) == ["back"]
    assert run(town, [[0, 306], [200, 306]], modes=["foot"]) == ["back"]  # on foot the nearer one
    assert run(town, [[0, 350], [200, 350]]) == ["lonely"]  # drawn the wrong way round, but no other is meant


@pytest.mark.parametrize(("off_m", "unmatched_m"), [(15.0, 0.0), (15.01, 200.0)])
def test_fifteen_metres_beside_a_street_it_is_still_meant(
    town: Session, off_m: float, unmatched_m: float
) -> None:
    found = match_detour(town, detour(line([[0, -off_m], [200, -off_m]])), day=TODAY)
    assert names(town, found) == ([] if unmatched_m else ["low 1"])
    assert found.detour_unmatched_m == pytest.approx(unmatched_m)


def test_the_part_on_no_known_street_is_kept_as_a_line(town: Session) -> None:
    found = match_detour(town, detour(line([[200, 0], [400, 0], [600, 0], [600, 100]])), day=TODAY)
    assert names(town, found) == ["low 2"]
    assert found.detour_unmatched is not None
    # From the end of the street on; a step of five metres belongs to the street while its middle is within reach.
    assert found.detour_unmatched_m == pytest.approx(found.detour_unmatched.length) == pytest.approx(285)
    assert found.detour_unmatched.distance(line([[0, 0], [400, 0]])) == pytest.approx(15)


def test_less_than_the_noise_beside_every_street_is_nothing(town: Session) -> None:
    cut = [[300, 0], [400, 0], [425, 0]]  # ten metres beyond the reach of the last street
    assert match_detour(town, detour(line(cut)), day=TODAY).detour_unmatched_m == 0


@pytest.mark.parametrize(("degrees", "meant"), [(44, True), (46, False)])
def test_a_street_in_another_direction_is_not_meant(town: Session, degrees: int, meant: bool) -> None:
    east, north = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    through = [[300 - 10 * east, -10 * north], [300 + 10 * east, 10 * north]]
    assert run(town, through) == (["low 2"] if meant else [])


def test_it_is_stored_and_follows_the_line(town: Session) -> None:
    before = detour(line([[0, 0], [200, 0], [200, 600]]))
    occupation_id = save_occupation(town, before)
    stored = get_occupation(town, occupation_id)
    assert names(town, stored) == ["low 1", "rung 200"]
    assert stored.detour_unmatched_m == pytest.approx(485, abs=5)
    (again,) = save_occupations(town, [detour(line([[0, 100], [200, 100]]), modes=["bicycle"])], [NOWHERE])
    kept = get_occupation(town, again.occupation_id or 0)
    assert (names(town, kept), kept.detour_unmatched, kept.detour_modes) == (
        ["high 1"],
        None,
        frozenset({"bicycle"}),
    )


def test_a_detour_across_the_country_is_matched_in_bounded_time(town: Session) -> None:
    far = [[(i * 7919) % 80_000, (i * 104_729) % 80_000] for i in range(9_000)]
    start = time.perf_counter()
    found = match_detour(town, detour(line([[0, 0], [200, 0], *far])), day=TODAY)
    assert time.perf_counter() - start < 3  # 400,000 km: in steps of 5 m it would take hours
    assert found.detour_unmatched_m is not None
