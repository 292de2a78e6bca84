"""Each part of what measures a strip is needed: without it a case of the strip rules comes out differently."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from sqlalchemy import text

from geo_service.conflicts.catalogue import Catalogue, catalogue_of, make_rulebook, rulebook
from geo_service.db.database import Database
from geo_service.db.local_cluster import LocalCluster
from geo_service.occupations.parameters import parameters
from geo_service.sql.loader import schema_scripts
from tests.conflicts.rule_cases import TODAY, agrees, cases_of, outcome

FILES = (
    "footway_width.yaml", "carriageway_width.yaml", "cycle_facility.yaml", "rescue_corridor.yaml",
    "rescue_corridor_closure.yaml", "bus_line.yaml", "strip_bend.yaml",
)  # fmt: skip

# What measures, in the database: what is changed there, and into what.
MEASURING = {
    "no centimetre of grace": ("width_m / 2 - 0.01", "width_m / 2"),
    "grace of three centimetres": ("width_m / 2 - 0.01", "width_m / 2 - 0.03"),
    "no prolongation": ("greatest(prolonged_m, half_m + 0.5)", "0.02"),
    "round joins": ("-greatest(width_m / 2 - 0.01, 0), 'join=mitre')", "-greatest(width_m / 2 - 0.01, 0), 'join=round')"),
    "one end is enough": (" AND ST_Intersects(piece, tail)", ""),
    "the other end is enough": ("IF ST_Intersects(piece, head) AND", "IF"),
    "only the first piece": ("FOR i IN 1 .. coalesce(ST_NumGeometries(eroded), 0)", "FOR i IN 1 .. 1"),
    "pieces need not hang together": ("piece := ST_GeometryN(eroded, i);", "piece := eroded;"),
    "what the narrowest passes is the width": ("tried := (failing + passing) / 2;", "EXIT;"),
    "a limit beside the width has failed": ("limits[i] >= fails_from_m OR", "true OR"),
    "a stated width is wider than stated": ("fails_from_m := width_m;", "fails_from_m := width_m + 1;"),
    "only the start of mine": ("    UNION\n    SELECT lower(span) FROM unnest(times) AS each (their_times), unnest(each.their_times) AS span\n", ""),
    "only the starts of others": ("    SELECT lower(span) FROM unnest(mine_times) AS span\n    UNION\n", ""),
    "everybody is there at once": ("WHERE each.span @> moment)", ")"),
    "who stands there already counts for mine": ("CONTINUE WHEN must_take_m > 0", "CONTINUE WHEN false"),
    "mine takes nothing from five centimetres on": ("+ 0.015));", "+ 0.06));"),
    "the first set decides": ("CONTINUE WHEN EXISTS (SELECT 1 FROM unnest(cleared)", "CONTINUE WHEN looked_at > 0 OR EXISTS (SELECT 1 FROM unnest(cleared)"),
    "what mine states does not count": ("stated_with_m := least(stated_m, mine_states_m);", "stated_with_m := stated_m;"),
    "what others state does not count": ("min(others_state_m[member])", "min(NULL::double precision)"),
    "no others are binding": ("WHERE binding[i])", "WHERE false)"),
    "who asks is binding": ("cardinality(bound) < cardinality(everyone)", "false"),
    "an end that is not known is certain": ("known = times AND mine_known = mine_times", "true"),
    "nothing is certain": ("WHERE NOT isempty(known[i]))", "WHERE false)"),
    "no junctions": ("SELECT coalesce(CASE WHEN count(*) >= 2", "SELECT coalesce(CASE WHEN false"),
    "straight on is a junction": ("- 180) > 45) END", "- 180) >= 0) END"),
    "footways beside the cycle track": ("WHEN kind = 'track' AND rides_left THEN cycle_m", "WHEN false THEN cycle_m"),
    "the footway opposite is not assumed": ("carriageway_assumed OR left_assumed OR cycle_assumed AND kind = 'track'", "left_assumed"),
    "rounded up": ("floor(measured_m * 20", "ceil(measured_m * 20"),
}  # fmt: skip
# What is asked, in the statement.
ASKING = {
    "the own case group": ("near.case_group <> given.case_group AND ", ""),
    "what hangs above": ("coalesce(near.height_from_m, 0) < stated.clear_height_m AND ", ""),
    "mine hangs above": ("coalesce(given.height_from_m, 0) < clear.height_m", "true"),
    "who does not count": ("stored.counts AND ", ""),
    "no stretch before and behind": ("given_street.to_m + CAST(:p_strip_reach_m AS double precision)", "given_street.to_m"),
    "twice the stretch": ("given_street.to_m + CAST(", "given_street.to_m + 2 * CAST("),
    "others' closures": ("near.restriction IN ('full_closure', 'full_closure_residents_free') AND", "false AND"),
    "the closure of mine": ("OR known.closes AND", "OR false AND"),
    "what is stated is stated everywhere": ("known.touched OR NOT bool_or(known.touched) OVER (PARTITION BY known.gid, known.kind)", "known.touched"),
    "corridors that others take": ("CASE WHEN stated.kind = 'corridor' THEN 0 ELSE CAST(:p_strip_taken_m AS double precision) - 0.000001 END", "CAST(:p_strip_taken_m AS double precision) - 0.000001"),
    "junctions are passed over": ("WHERE NOT EXISTS (SELECT 1 FROM stretch WHERE stretch.beside)", "WHERE false"),
    "unknown widths are passed over": ("WHERE section.beside AND section.body IS NULL", "WHERE false AND section.body IS NULL"),
    "on the carriageway the footway is open": ("section.kind = 'footway' AND ST_Covers", "false AND ST_Covers"),
    "any side speaks": ("rule.measured, words.place_de", "rule.measured DESC, words.place_de"),
    "bounded is never open": ("THEN false END AS bounded", "THEN false ELSE false END AS bounded"),
}  # fmt: skip


@pytest.fixture(scope="module")
def database(cluster: LocalCluster, template: str) -> Iterator[Database]:
    cluster.create_database("strip_frame", template=template)
    yield cluster.database("strip_frame")
    cluster.drop_database("strip_frame")


@pytest.fixture(scope="module")
def engines(database: Database) -> Iterator[dict[str, Any]]:
    engine = database.app_engine()
    yield {"": engine}
    engine.dispose()


@cache
def only(name: str) -> Catalogue:
    rule = next(rule for rule in rulebook().rules if rule.name == name)
    return catalogue_of(make_rulebook((rule,), parameters()), (), None, TODAY)


def different(engines: dict[str, Any], scenery: Any, change: tuple[str, str] | None = None) -> str | None:
    """The first case that comes out differently, with the statement changed."""
    for file in FILES:
        found = only(cases_of(file)["rule"])
        if change is not None:
            statement = found.book.measured["strip"].text
            book = replace(found.book, measured={"strip": text(statement.replace(*change))})
            found = replace(found, book=book)
        for case in cases_of(file)["cases"]:
            wrong = agrees(outcome(engines, scenery, file, case, found), case["expect"])
            if wrong is not None:
                return f"{file}: {case['name']}: {wrong}"
    return None


def redefined(change: tuple[str, str] = ("", "")) -> str:
    """The functions that measure, with something in them changed."""
    scripts = [
        script
        for revision in ("0003", "0006")
        for script in schema_scripts(revision)
        if "FUNCTION strip_" in script
    ]
    return "\n".join(scripts).replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION").replace(*change)


@pytest.mark.parametrize("what", MEASURING)
def test_each_part_of_measuring_is_needed(
    database: Database, engines: dict[str, Any], scenery: Any, what: str
) -> None:
    old, new = MEASURING[what]
    assert old in redefined(), what
    engines[""].dispose()
    with database.owner_connection() as owner:
        owner.execute(redefined((old, new)))
    try:
        assert different(engines, scenery) is not None
    finally:
        with database.owner_connection() as owner:
            owner.execute(redefined())
        engines[""].dispose()


@pytest.mark.parametrize("what", ASKING)
def test_each_part_of_asking_is_needed(engines: dict[str, Any], scenery: Any, what: str) -> None:
    statement = only("footway_width").book.measured["strip"].text
    assert ASKING[what][0] in statement, what
    assert different(engines, scenery, ASKING[what]) is not None


def test_unchanged_every_case_comes_out_as_expected(engines: dict[str, Any], scenery: Any) -> None:
    assert different(engines, scenery) is None
