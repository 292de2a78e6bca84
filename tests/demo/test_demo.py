"""`geo-service demo`: complete, marked, current, and done only once."""

from __future__ import annotations

import time
from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from geo_service.commands.demo import fill
from geo_service.db.database import Database, speak_as
from geo_service.demo.fill_demo import today

BENSHEIM, VIERNHEIM, LORSCH = "06431002", "06431020", "06431016"


def counted(session: Session, query: str) -> dict[str, int]:
    return {str(row[0]): int(row[1]) for row in session.execute(text(query))}


def test_cases_are_in_every_state_that_is_offered(demo_session: Session) -> None:
    states = counted(
        demo_session, "SELECT state, count(*) FROM occupation WHERE collection = 'permits' GROUP BY 1"
    )
    assert set(states) == {
        "draft", "submitted", "in_review", "more_information_needed", "granted", "rejected", "withdrawn",
        "surrendered",
    }  # fmt: skip
    assert sum(states.values()) >= 25
    assert states["granted"] >= 10


def test_who_has_decided_is_named_in_german(demo_session: Session) -> None:
    speak_as(demo_session, actor="clerk", town=BENSHEIM)
    steps = "SELECT actor_name, count(*) FROM permit_transition WHERE actor_role = 'clerk' GROUP BY 1"
    found = counted(demo_session, steps)
    assert list(found) == ["Demo (Sachbearbeitung)"]


def test_sites_event_and_detour_have_their_occupation(demo_session: Session) -> None:
    for table, key, least in (
        ("construction_site", "site_id", 15),
        ("event", "event_id", 1),
        ("detour", "detour_id", 1),
    ):
        row = demo_session.execute(text(
            f"SELECT count(*) AS stored, count(o.occupation_id) AS kept,"
            f" bool_and(s.demo AND o.demo) AS marked,"
            f" bool_and(coalesce(s.town = o.town, false)) AS same_town"
            f" FROM {table} AS s LEFT JOIN occupation AS o ON o.source_id = s.{key}"
        )).one()  # fmt: skip
        assert row.stored == row.kept >= least
        assert row.marked
        assert row.same_town


def test_the_map_is_not_empty_today(demo_session: Session) -> None:
    for town, least in ((BENSHEIM, 8), (VIERNHEIM, 4)):
        there = demo_session.execute(
            text("SELECT count(*) FROM occupation WHERE town = :town AND published AND period @> now()"),
            {"town": town},
        ).scalar_one()
        assert there >= least


def test_the_detour_crosses_a_border(demo_session: Session) -> None:
    towns = demo_session.execute(
        text(
            "SELECT array_agg(town.ags) FROM detour"
            " JOIN town ON ST_Length(ST_Intersection(way, boundary)) > 500"
        )
    ).scalar_one()
    assert {BENSHEIM, LORSCH} <= set(towns)


def test_a_clerk_finds_conflicts_on_the_desk(demo_session: Session) -> None:
    speak_as(demo_session, actor="clerk", town=BENSHEIM)
    waiting = demo_session.execute(text(
        "SELECT DISTINCT f.number, f.severity FROM finding AS f"
        " JOIN permit AS p ON p.permit_id = f.mine_source"
        " WHERE p.status IN ('submitted', 'in_review')"
    )).all()  # fmt: skip
    found = {(row.number, row.severity) for row in waiting}
    assert ("K01", "block") in found
    assert {"K02", "K23", "K24", "K26"} <= {number for number, _ in found}


def test_nothing_granted_stands_over_a_block(demo_session: Session) -> None:
    row = demo_session.execute(text(
        "SELECT count(*) FROM finding AS f JOIN occupation AS o ON o.occupation_id = f.mine_occupation"
        " WHERE o.binding AND f.severity = 'block'"
    )).scalar_one()  # fmt: skip
    assert row == 0


def test_one_towns_cases_are_not_the_others(demo_session: Session) -> None:
    speak_as(demo_session, actor="clerk", town=VIERNHEIM)
    towns = set(demo_session.execute(text("SELECT town FROM permit")).scalars())
    assert towns == {VIERNHEIM}


def test_a_second_run_changes_nothing_and_is_quick(demo_database: Database, demo_session: Session) -> None:
    def state() -> list[tuple[object, ...]]:
        query = (
            "SELECT 'o', source_id::text, updated_at FROM occupation"
            " UNION ALL SELECT 's', segment_id, updated_at FROM road_segment"
            " UNION ALL SELECT 't', ags, updated_at FROM town"
            " UNION ALL SELECT 'f', finding_id, updated_at FROM finding ORDER BY 1, 2"
        )
        return [tuple(row) for row in demo_session.execute(text(query))]

    before = state()
    began = time.monotonic()
    fill(demo_database, lambda line: None)
    assert time.monotonic() - began < 1
    assert state() == before


def test_the_demo_day_is_the_day_of_the_first_run(demo_session: Session) -> None:
    day = demo_session.execute(text("SELECT demo_day FROM demo_fill WHERE part = 'content'")).scalar_one()
    assert today() - day <= timedelta(days=1)
