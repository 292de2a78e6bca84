"""The frame of the pair rules: who is compared with whom, when, and by which index."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import uuid4

import pytest
from shapely.geometry import box
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo_service.conflicts.catalogue import catalogue_of, rulebook
from geo_service.conflicts.check import CheckQuestion, OtherRequest, check_binds, check_with
from geo_service.conflicts.statement import given_streets, look_around_statement
from geo_service.db.database import speak_as
from geo_service.db.local_cluster import LocalCluster
from geo_service.interval import TOWN_ZONE
from geo_service.occupations.locate import NOWHERE
from geo_service.occupations.parameters import TownParameter
from geo_service.occupations.row import get_occupation, occupation_row
from geo_service.occupations.states import STANDINGS

TODAY = date(2026, 5, 1)
AS_OF = datetime(2026, 5, 1, 10, 0, tzinfo=TOWN_ZONE)


def pairs(result: Any) -> list[tuple[str, str]]:
    return [(finding.number, finding.severity) for finding in result.findings if finding.other is not None]


def test_an_occupation_is_never_compared_with_itself(scene: Any) -> None:
    stored = get_occupation(scene.session, scene.store({}))
    found = catalogue_of(rulebook(), (), None, TODAY)
    question = CheckQuestion(mine=stored, location=NOWHERE)
    assert pairs(check_with(scene.session, found, question, as_of=AS_OF)) == []
    # Another group alone is not enough to make it somebody else.
    elsewhere = replace(question, mine=replace(stored, case_group=uuid4()))
    assert pairs(check_with(scene.session, found, elsewhere, as_of=AS_OF)) == []


def test_what_belongs_together_is_not_compared(scene: Any) -> None:
    scene.store({"case": "extension of BEN-2026-000001"})
    assert pairs(scene.check({"case": "extension of BEN-2026-000001"})) == []
    assert pairs(scene.check({"case": "somebody else"})) == [("K01", "block")]


STATES = [
    (collection, state)
    for collection in ("permits", "construction_sites", "events")
    for state in STANDINGS[collection]
]


@pytest.mark.parametrize(("collection", "state"), STATES)
def test_each_state_counts_and_binds_as_the_table_says(scene: Any, collection: str, state: str) -> None:
    scene.store({"collection": collection, "state": state})
    found = pairs(scene.check({}))
    standing = STANDINGS[collection][state]
    if not standing.counts:
        assert found == []
    elif collection == "events":
        assert found == [("K18", "block" if standing.binding else "warn"), ("K02", "info")]
    else:
        assert found == [("K01", "block" if standing.binding else "warn")]


def test_another_town_is_no_border_for_conflicts(scene: Any, scenery: Any, empty_database: Any) -> None:
    scenery.add_town(empty_database, ags="06431001", name="Weststadt", rect=[-1000, -1000, 1000, 2000])
    scenery.add_town(empty_database, ags="06431002", name="Oststadt", rect=[0, -1000, 1000, 2000])
    occupation_id = scene.store({"rect": [-12, 0, 15, 4]})
    assert get_occupation(scene.session, occupation_id).town == "06431001"
    result = scene.check({"rect": [-1, 0, 15, 4]})
    assert pairs(result) == [("K01", "block")]
    assert next(f.other.town for f in result.findings if f.other is not None) == "06431001"


@pytest.mark.parametrize(
    ("mine", "other", "together"),
    [
        (["2026-06-01T08:00+02:00", "2026-06-01T12:00+02:00"], ["2026-06-01T12:00+02:00", "2026-06-01T14:00+02:00"], False),
        (["2026-06-01T08:00+02:00", "2026-06-01T12:01+02:00"], ["2026-06-01T12:00+02:00", "2026-06-01T14:00+02:00"], True),
        # The hour that exists twice in autumn: half past two, before and after the clocks are set back.
        (["2026-10-25T02:00+02:00", "2026-10-25T02:30+02:00"], ["2026-10-25T02:00+01:00", "2026-10-25T02:30+01:00"], False),
        (["2026-10-25T02:00+02:00", "2026-10-25T02:30+01:00"], ["2026-10-25T02:00+01:00", "2026-10-25T02:30+01:00"], True),
        # The hour that does not exist in spring.
        (["2026-03-29T01:00+01:00", "2026-03-29T02:00+01:00"], ["2026-03-29T03:00+02:00", "2026-03-29T04:00+02:00"], False),
    ],
)  # fmt: skip
def test_touching_and_clock_changes(scene: Any, mine: list[str], other: list[str], together: bool) -> None:
    scene.store({"instants": other})
    assert (("K01", "block") in pairs(scene.check({"instants": mine}))) is together


def test_a_town_may_have_its_own_value_and_looks_as_far(scene: Any) -> None:
    scene.store({"rect": [35, 0, 10, 4]})
    own = TownParameter(
        town="06431002",
        parameter="neighbour_distance_m",
        first_day=date(2026, 4, 1),
        value=30,
        legal_source="§",
    )
    everyone = catalogue_of(rulebook(), (own,), None, TODAY)
    bensheim = catalogue_of(rulebook(), (own,), "06431002", TODAY)
    before = catalogue_of(rulebook(), (own,), "06431002", date(2026, 3, 31))
    assert pairs(scene.check({}, everyone)) == pairs(scene.check({}, before)) == []
    assert pairs(scene.check({}, bensheim)) == [("K02", "info")]
    place = [rule.name for rule in bensheim.rules].index("close_neighbour")
    assert bensheim.versions[place] != everyone.versions[place] == before.versions[place]
    assert bensheim.values["neighbour_distance_m"].unverified is False


def test_the_other_requests_of_a_check_are_compared_as_stored_ones_are(scene: Any, scenery: Any) -> None:
    mine, other = (
        scenery.occupation({"rect": rect}, state="submitted") for rect in ([0, 0, 10, 4], [5, 0, 10, 4])
    )
    found = catalogue_of(rulebook(), (), None, TODAY)
    question = CheckQuestion(
        mine=mine, location=NOWHERE, others=(OtherRequest(occupation=replace(other, reference="2")),)
    )
    result = check_with(scene.session, found, question, as_of=AS_OF)
    assert [(f.number, f.severity, f.other.collection) for f in result.findings if f.other] == [
        ("K01", "warn", "request")
    ]


@pytest.fixture(scope="module")
def town_full_of_works(cluster: LocalCluster, template: str) -> Iterator[Session]:
    """The application's session on 20,000 occupations of a year; one in twenty digs, one in fifty has a detour."""
    cluster.create_database("works", template=template)
    database = cluster.database("works")
    with database.owner_connection() as owner:
        owner.execute("SELECT set_config('app.actor', 'operator', false)")
        owner.execute(
            "INSERT INTO occupation (collection, source_id, case_group, state, counts, binding, published, area, detour,"
            " detour_segments, closed_segments, period, exclusive, excavation)"
            " SELECT 'permits', id, id, 'granted', true, true, true, ST_Expand(place, 5),"
            "  CASE WHEN i % 50 = 0 THEN ST_MakeLine(place, ST_Translate(place, 300, 300)) END,"
            "  CASE WHEN i % 50 = 0 THEN ARRAY[i, i + 1] END, CASE WHEN i % 500 = 0 THEN ARRAY['s' || i] ELSE '{}' END,"
            "  tstzrange('2026-01-01'::timestamptz + i % 365 * interval '1 day', '2026-01-08'::timestamptz + i % 365 * interval '1 day'),"
            "  true, i % 20 = 0"
            " FROM generate_series(1, 20000) AS i, LATERAL (SELECT gen_random_uuid() AS id,"
            "  ST_SetSRID(ST_MakePoint(470000 + i * 7919 % 8000, 5505000 + i * 104729 % 8000), 25832) AS place) AS drawn"
        )
        owner.execute(
            "INSERT INTO road_segment (segment_id, road_class, axis, in_service, width_source, source, source_id)"
            " SELECT 's' || i, 'gemeindestrasse', ST_SetSRID(ST_MakeLine(ST_MakePoint(470000 + i, 5505000),"
            "  ST_MakePoint(470000 + i, 5505100)), 25832), true, 'tagged', 'test', i"
            " FROM generate_series(1, 3000) AS i"
        )
        owner.execute(
            "INSERT INTO occupation_segment (occupation_id, segment_gid, from_m, to_m, side)"
            " SELECT occupation_id, gid, 0, 5, 'left' FROM occupation INNER JOIN road_segment ON gid = 1 + occupation_id % 3000"
        )
        owner.execute("ANALYZE")
    engine = database.app_engine()
    with Session(engine) as session:
        speak_as(session, actor="public")
        yield session
    engine.dispose()
    cluster.drop_database("works")


# Of each probe, what must stand in the condition of its index.
PROBES = {
    "occupation_area_gist": [r"\(area && st_expand\(given\w*\.area", r"\(area && st_expand\(piece\w*\.way"],
    "occupation_detour_gist": [
        r"\(detour && st_expand\(given\w*\.area",
        r"\(detour && st_expand\(given\w*\.detour",
    ],
    "occupation_dig_gist": [r"\(area && st_expand\(given\w*\.area"],
    "occupation_closed_segments_gin": [r"\(closed_segments && "],
    "occupation_detour_segments_gin": [
        r"\(detour_segments && given",
        r"\(detour_segments && (?!given)",
    ],
}


@pytest.mark.parametrize(
    "name", ["check", "check_among_requests", "check_swapped", "candidate_towns", "look_around"]
)
def test_every_statement_finds_its_candidates_by_their_indexes(
    town_full_of_works: Session, scenery: Any, name: str
) -> None:
    found = catalogue_of(rulebook(), (), None, TODAY)
    mine = scenery.occupation({"detour": [[0, 0], [300, 0]]}, state="submitted")
    other = OtherRequest(occupation=mine)
    binds = check_binds(
        found,
        CheckQuestion(mine=mine, location=NOWHERE, others=(other,)),
        as_of=AS_OF,
    )
    looking = text(given_streets(look_around_statement(found.rules, found.book.pairs, ())))
    statement = looking if name == "look_around" else getattr(found.book, name)
    wanted = {
        key: value for key, value in {**binds, "candidate_town": None}.items() if key in statement._bindparams
    }
    session = town_full_of_works
    plan = "\n".join(row[0] for row in session.execute(text(f"EXPLAIN {statement.text}"), wanted))
    for index, conditions in PROBES.items():
        used = re.findall(rf"(?:using|on) {index}\b.*\n\s*Index Cond: (.*)", plan)
        assert len(used) == len(conditions), f"{index}: {used}"
        for condition in conditions:
            (it,) = (line for line in used if re.search(condition, line))
            assert index.endswith("_gin") or "(period && " in it
    # Who stands in the same segments comes by the key, not by everything that takes place in the period.
    assert plan.count("Index Cond: (occupation_id = ANY (") == 5
    assert plan.count("Index Cond: (segment_gid = ANY (") == 2
    assert not re.search(r"Seq Scan on (occupation|road)", plan)  # the tables of fixed objects are empty here


def test_a_row_survives_the_way_into_the_database_and_back(scene: Any, scenery: Any) -> None:
    words = {
        "every": {"weekdays": ["sat"], "hours": ["22:00", "05:00"]},
        "order": [TODAY, TODAY],
        "consents": ["road_owner"],
        "takes": ["footway"],
        "heights": [1, 3],
        "order_rect": [0, 0, 1, 1],
    }
    before = scenery.occupation(words, state="granted")
    from geo_service.occupations.write_occupation import save_occupation

    after = get_occupation(scene.session, save_occupation(scene.session, before))
    assert occupation_row(replace(after, occupation_id=None)) == occupation_row(before)
    assert after.area is not None
    assert after.area.equals(box(470_000, 5_505_000, 470_010, 5_505_004))
