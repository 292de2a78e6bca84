"""Every table of the database, found in its catalogue, as everybody whose business it is not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from geo_service.db.database import speak_as
from tests.permits.conftest import BENSHEIM, VIERNHEIM, Desk
from tests.privacy.everywhere import places_that_say, superuser
from tests.tenancy.scene import TownScene, missing

# What everybody may read, and why. Every other table that the application can read is private: it shows a row to one
# town's desk only, and the scene has rows of both towns in it.
OPEN = {
    "alembic_version": "number of the schema",
    "blackout": "places with a rule of their own are public",
    "bus_route": "imported, public", "bus_route_segment": "imported, public",
    "change_batch": "when something was published, in which order",
    "code_label": "words for codes",
    "collection_change": "a counter for each published collection",
    "configuration_version": "a counter",
    "construction_site": "published; whom to call is in site_contact",
    "demo_fill": "what the demo has filled",
    "detour": "published", "event": "published",
    "facility": "imported, public",
    "file_home": "the mark of the folder of files",
    "finding_together": "numbers of findings, without what they say",
    "findings_basis": "which rules findings were made with",
    "fire_area": "places with a rule of their own are public",
    "no_dig_period": "places with a rule of their own are public",
    "occupation": "the space-time fact without anything private: row-level security would cost its spatial index",
    "occupation_segment": "follows occupation",
    "procrastinate_events": "the queue holds ids only", "procrastinate_jobs": "the queue holds ids only",
    "procrastinate_periodic_defers": "the queue holds ids only", "procrastinate_workers": "the queue holds ids only",
    "published_change": "ids of what was published",
    "published_permit": "the public part of a permit, written by a trigger",
    "reinstatement": "places with a rule of their own are public",
    "road_node": "streets are public", "road_segment": "streets are public",
    "rule_basis": "rules are public",
    "site_feed": "public construction sites of others", "site_feed_record": "public construction sites of others",
    "stored_file": "random ids of files; whose they are stands in case_document and case_notice",
    "tariff": "statutes are public",
    "town": "towns are public", "town_parameter": "rules are public", "town_piece": "towns are public",
}  # fmt: skip
# Read and written by the service itself only: no desk sees a row.
SERVICE_ONLY = {"finding_due": "which findings a work has still to make anew"}
# Tables without row-level security that the application writes, and what keeps a town's rows its own instead.
UNGUARDED = {
    "demo_fill": "written by the demo only",
    "occupation_segment": "written together with its occupation, which is guarded",
    "procrastinate_events": "the queue is the library's", "procrastinate_jobs": "the queue is the library's",
    "procrastinate_periodic_defers": "the queue is the library's", "procrastinate_workers": "the queue is the library's",
    "road_node": "written by imports only",
}  # fmt: skip
# Functions that run with the owner's rights, and what each asks before it shows or does anything.
DEFINERS = {
    "begin_demo_sign_in": "a town that is marked as demo", "begin_person_sign_in": "called after the provider vouched",
    "begin_sign_in": "the hash of a key in force", "block_person": "the administration that speaks",
    "end_sign_in": "the hash of the cookie", "find_cases": "the town that speaks",
    "forget_papers": "the service itself in the case's town", "forget_person": "the service itself in the case's town",
    "identify_key": "the hash of a key", "identify_sign_in": "the hash of the cookie",
    "issue_case_token": "a case that is open already", "issue_consultation_token": "the town that asks",
    "keep_answer": "stores only", "kept_answer": "the hash of the client's key; the answer is encrypted",
    "keys_of_town": "the administration that speaks", "make_key": "the administration that speaks",
    "next_cash_number": "the town that speaks", "next_reference": "counts only", "open_case": "the token", "open_consultation": "the token",
    "people_of_town": "the administration that speaks", "revoke_own_key": "the administration that speaks",
    "rotate_own_key": "the administration that speaks",
}  # fmt: skip

OWN = {"actor": "supervisor", "town": BENSHEIM}
OTHER = {"actor": "admin", "town": VIERNHEIM}
_TABLES = """
SELECT c.oid::regclass::text AS name, c.relrowsecurity AND c.relforcerowsecurity AS guarded,
    has_table_privilege('geo_service_app', c.oid, 'SELECT') AS readable,
    has_table_privilege('geo_service_app', c.oid, 'INSERT') OR has_table_privilege('geo_service_app', c.oid, 'DELETE')
        OR has_any_column_privilege('geo_service_app', c.oid, 'UPDATE') AS writable,
    array_agg(a.attname::text) FILTER (WHERE a.attgenerated = '') AS columns,
    min(a.attname) FILTER (WHERE has_column_privilege('geo_service_app', c.oid, a.attnum, 'UPDATE')
        AND a.attgenerated = '' AND a.attidentity = '') AS changeable
FROM pg_class AS c INNER JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
  AND NOT EXISTS (SELECT 1 FROM pg_depend AS d WHERE d.objid = c.oid AND d.deptype = 'e')
GROUP BY c.oid ORDER BY 1"""


@pytest.fixture(scope="module")
def tables(desk: Desk, towns: dict[str, TownScene]) -> list[Any]:
    with superuser(desk.database) as connection:
        return connection.cursor(row_factory=psycopg.rows.namedtuple_row).execute(_TABLES).fetchall()


def private(tables: list[Any]) -> list[Any]:
    return [table for table in tables if table.readable and table.name not in OPEN | SERVICE_ONLY]


@contextmanager
def speaking(desk: Desk, who: dict[str, Any]) -> Iterator[Session]:
    engine: Engine = desk.app.state.engine
    with Session(engine) as session:
        speak_as(session, **who)
        yield session
        session.rollback()


def rows(desk: Desk, who: dict[str, Any], statement: str) -> set[str]:
    """What somebody gets; nothing where the application has no right to it at all."""
    with speaking(desk, who) as session:
        try:
            return set(session.execute(text(statement)).scalars())
        except DBAPIError as error:
            assert getattr(error.orig, "sqlstate", None) == "42501", f"{statement}: {error}"
            return set()


def strangers(towns: dict[str, TownScene]) -> dict[str, dict[str, Any]]:
    return {
        "the other town": OTHER,
        "the public": {"actor": "public"},
        "a reader": {"actor": "reader"},
        "another applicant": {"actor": "public", "case": towns[BENSHEIM].other_case["permit_id"]},
        "nobody": {"actor": ""},
    }


def test_the_lists_name_what_there_is(tables: list[Any]) -> None:
    known = {table.name for table in tables}
    gone = sorted((set(OPEN) | set(SERVICE_ONLY) | set(UNGUARDED)) - known)
    missing("Listed here, but there is no such table", gone, "Take it out of the list.")


def test_a_private_table_shows_a_row_to_one_town_only(
    desk: Desk, tables: list[Any], towns: dict[str, TownScene]
) -> None:
    unfilled, unguarded, leaks = [], [], []
    for table in private(tables):
        read = f"SELECT CAST(t AS text) FROM {table.name} AS t"
        mine, theirs = rows(desk, OWN, read), rows(desk, OTHER, read)
        if not table.guarded:
            unguarded.append(table.name)
        if not mine or not theirs:
            unfilled.append(table.name)
        if mine & theirs:
            leaks.append(f"{table.name}: {len(mine & theirs)} rows are shown to both towns")
        for who, speaker in strangers(towns).items():
            seen = rows(desk, speaker, read) - (theirs if speaker is OTHER else set())
            own_case = towns[BENSHEIM].other_case["permit_id"]
            seen = {row for row in seen if speaker.get("case") != own_case or own_case not in row}
            if seen:
                leaks.append(f"{table.name}: {who} sees {len(seen)} rows")
    missing(
        "Private tables without FORCE ROW LEVEL SECURITY", unguarded,
        "Give it policies by current_town() and current_case(). Where everybody may read it, say why in OPEN.",
    )  # fmt: skip
    missing(
        "Rows that are shown to somebody whose business they are not", leaks, "Its policies are too wide."
    )
    missing(
        "Private tables without a row of both towns in the scene", unfilled,
        "Store one for each town in tests/tenancy/scene.py. Where everybody may read it, say why in OPEN; where only"
        " the service itself does, in SERVICE_ONLY.",
    )  # fmt: skip


def test_what_only_the_service_reads_is_shown_to_nobody(
    desk: Desk, tables: list[Any], towns: dict[str, TownScene]
) -> None:
    for name in SERVICE_ONLY:
        with superuser(desk.database) as connection:
            connection.execute("SELECT 1")
        for who in (OWN, *strangers(towns).values()):
            assert rows(desk, who, f"SELECT CAST(t AS text) FROM {name} AS t") == set(), name
    guarded = {table.name for table in tables if table.guarded}
    assert set(SERVICE_ONLY) <= guarded


def test_no_secret_stands_in_an_open_table(desk: Desk, towns: dict[str, TownScene]) -> None:
    open_ids = {
        towns[town].case[name] for town in towns for name in ("permit_id", "reference")
    }  # in occupation, by design
    secrets = [word for scene in towns.values() for word in scene.secrets if word not in open_ids]
    said = places_that_say(desk.database, secrets)
    leaks = [f"{name}: {', '.join(sorted(words))}" for name, words in said.items() if name in OPEN]
    missing("Secrets in tables that everybody reads", leaks, "Keep it in a private table beside it.")
    filled = {"applicant", "permit", "case_note", "consultation", "site_contact", "permit_transition"}
    assert filled | {
        "case_document",
        "case_notice",
        "fee_entry",
        "fee_notice",
        "message",
    } <= set(said)


def test_nobody_changes_or_removes_a_row_of_another_town(
    desk: Desk, tables: list[Any], towns: dict[str, TownScene]
) -> None:
    faults = []
    for table in tables:
        if not table.writable or table.name in UNGUARDED:
            continue
        if not table.guarded:
            faults.append(
                f"{table.name}: has no row-level security; add policies, or say in UNGUARDED why not"
            )
            continue
        changes = [f"DELETE FROM {table.name} AS t RETURNING CAST(t AS text)"]
        if table.changeable:
            column = table.changeable
            changes.append(
                f'UPDATE {table.name} AS t SET "{column}" = t."{column}" RETURNING CAST(t AS text)'
            )
        for change in changes:
            mine = rows(desk, OWN, change)
            for who, speaker in strangers(towns).items():
                taken = rows(desk, speaker, change)
                own_case = speaker.get("case")
                foreign = (
                    taken & mine
                    if speaker is OTHER
                    else {r for r in taken if not own_case or own_case not in r}
                )
                if foreign:
                    faults.append(f"{table.name}: {who} can {change.split()[0]} {len(foreign)} rows")
    missing(
        "Rows that somebody can change whose business they are not",
        faults,
        "Its policies of writing are too wide.",
    )


def test_nobody_stores_a_row_for_another_town(
    desk: Desk, tables: list[Any], towns: dict[str, TownScene]
) -> None:
    faults = []
    with superuser(desk.database) as connection:
        for table in private(tables):
            # A row that only Bensheim's desk sees, stored once more by somebody else.
            seen = sorted(rows(desk, OWN, f"SELECT CAST(to_jsonb(t) AS text) FROM {table.name} AS t"))
            with speaking(desk, OWN) as session:
                one = session.execute(
                    text(f"SELECT CAST(to_jsonb(t) AS text) FROM {table.name} AS t LIMIT 1")
                ).scalar_one()
            assert one in seen
            columns = sql.SQL(", ").join(sql.Identifier(name) for name in table.columns)
            copy = sql.SQL(
                "INSERT INTO {name} ({columns}) OVERRIDING SYSTEM VALUE SELECT {columns}"
                " FROM jsonb_populate_record(CAST(NULL AS {name}), CAST(:row AS jsonb))"
            ).format(name=sql.Identifier(table.name), columns=columns)
            statement = copy.as_string(connection)
            for who, speaker in strangers(towns).items():
                with speaking(desk, speaker) as session:
                    if speaker.get("case") and speaker["case"] in one:
                        continue
                    try:
                        session.execute(text(statement), {"row": one})
                        faults.append(f"{table.name}: {who} stored a row of Bensheim")
                    except DBAPIError as error:
                        if getattr(error.orig, "sqlstate", None) != "42501":
                            faults.append(
                                f"{table.name}: {who} was stopped by {type(error.orig).__name__} only"
                            )
    missing(
        "Rows that somebody can store for another town",
        faults,
        "Give the policy a WITH CHECK by current_town().",
    )


def test_functions_with_the_owners_rights_say_what_they_ask(desk: Desk) -> None:
    asked = """SELECT DISTINCT p.proname FROM pg_proc AS p WHERE p.pronamespace = 'public'::regnamespace AND p.prosecdef
        AND p.prorettype <> 'trigger'::regtype AND has_function_privilege('geo_service_app', p.oid, 'EXECUTE')
        AND NOT EXISTS (SELECT 1 FROM pg_depend AS d WHERE d.objid = p.oid AND d.deptype = 'e') ORDER BY 1"""
    with superuser(desk.database) as connection:
        names = {name for (name,) in connection.execute(asked).fetchall()}
        free = [n for (n,) in connection.execute(
            "SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef"
            " AND NOT coalesce(array_to_string(proconfig, ',') ~ 'search_path', false)"
            " AND NOT EXISTS (SELECT 1 FROM pg_depend AS d WHERE d.objid = pg_proc.oid AND d.deptype = 'e')"
        ).fetchall()]  # fmt: skip
    missing(
        "SECURITY DEFINER functions without a search_path of their own",
        free,
        "SET search_path = public, pg_temp.",
    )
    missing(
        "Functions with the owner's rights that this test does not know", sorted(names - set(DEFINERS)),
        "They are above every policy: say in DEFINERS what they ask before they show or do anything.",
    )  # fmt: skip
    missing(
        "Listed here, but there is no such function",
        sorted(set(DEFINERS) - names),
        "Take it out of DEFINERS.",
    )


_SPATIAL = """
SELECT i.indexrelid::regclass::text AS index, i.indrelid::regclass::text AS of_table,
    pg_get_indexdef(i.indexrelid, 1, true) AS place, pg_get_expr(i.indpred, i.indrelid) AS only
FROM pg_index AS i INNER JOIN pg_class AS c ON c.oid = i.indexrelid INNER JOIN pg_am AS m ON m.oid = c.relam
INNER JOIN pg_attribute AS a ON a.attrelid = i.indexrelid AND a.attnum = 1
WHERE m.amname = 'gist' AND c.relnamespace = 'public'::regnamespace AND a.atttypid = 'box2df'::regtype
ORDER BY 1"""


def test_every_spatial_index_stays_in_use_for_everybody(desk: Desk, towns: dict[str, TownScene]) -> None:
    with superuser(desk.database) as connection:
        indexes = connection.cursor(row_factory=psycopg.rows.namedtuple_row).execute(_SPATIAL).fetchall()
    assert {"occupation", "published_permit", "road_segment", "construction_site"} <= {
        one.of_table for one in indexes
    }
    lost = []
    for who in (OWN, *strangers(towns).values()):
        with speaking(desk, who) as session:
            session.execute(text("SET LOCAL enable_seqscan = off"))
            for one in indexes:
                box = "ST_MakeEnvelope(470000, 5500000, 470100, 5500100, 25832)"
                asked = f"SELECT 1 FROM {one.of_table} WHERE {one.place} && {box} AND ({one.only or True})"
                plan = json.dumps(session.execute(text(f"EXPLAIN (FORMAT JSON) {asked}")).scalar_one())
                if '"Index Cond"' not in plan or "Seq Scan" in plan:
                    lost.append(f"{one.index} on {one.of_table}, for {who['actor'] or 'nobody'}")
    missing(
        "Spatial indexes that row-level security keeps from being used", lost,
        "&& is not leakproof: what is searched by place holds nothing private and is read by USING (true);"
        " what is private is not searched by place (docs/decisions/0002-published-beside-private.md).",
    )  # fmt: skip
