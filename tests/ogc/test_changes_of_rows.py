"""What counts as a change of a collection: a row that was written, not a statement that was run."""

from __future__ import annotations

import psycopg
import pytest
from fastapi.testclient import TestClient

from geo_service.db.database import Database
from geo_service.ogc.collection import COLLECTIONS
from tests.ogc.test_ready_answers import own_database, reader, states, writer

__all__ = ["own_database", "reader", "writer"]


@pytest.mark.parametrize("name", COLLECTIONS)
def test_a_statement_that_touches_no_row_is_no_change(
    own_database: Database, writer: psycopg.Connection, name: str
) -> None:
    table, before = COLLECTIONS[name].table, states(own_database)
    for nothing in (
        f"UPDATE {table} SET updated_at = now() WHERE false",
        f"DELETE FROM {table} WHERE false",
        f"INSERT INTO {table} (updated_at) SELECT now() WHERE false",
    ):
        writer.execute(nothing)
        assert states(own_database) == before, nothing
    with writer.transaction():
        writer.execute(f"UPDATE {table} SET updated_at = now() WHERE false")
        writer.execute(f"UPDATE {table} SET updated_at = now()")  # what came first does not hide it
    assert states(own_database)[name] != before[name]


def test_every_way_to_change_rows_counts(own_database: Database, writer: psycopg.Connection) -> None:
    seen = [states(own_database)["events"]]
    for change in (
        "INSERT INTO event (event_id, town, title, state, source, source_id)"
        " VALUES (gen_random_uuid(), '06431002', 'Neu', 'planned', 'test', 'new')",
        "UPDATE event SET title = 'Anders' WHERE source_id = 'new'",
        "DELETE FROM event WHERE source_id = 'new'",
        "TRUNCATE event",
    ):
        writer.execute(change)
        seen.append(states(own_database)["events"])
    assert len(set(seen)) == 5


def test_a_reader_keeps_the_page_over_a_statement_without_rows(
    reader: TestClient, writer: psycopg.Connection
) -> None:
    address = "/ogc/collections/detours/items"
    tag = {"If-None-Match": reader.get(address).headers["ETag"]}
    writer.execute("UPDATE detour SET title = 'x' WHERE source_id = 'nobody'")
    assert reader.get(address, headers=tag).status_code == 304
    writer.execute("UPDATE detour SET title = 'x' WHERE source_id = '1'")
    assert reader.get(address, headers=tag).status_code == 200
