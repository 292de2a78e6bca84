"""A database of before with messages in it: all of them stay, and go on being sent, read and forgotten."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from geo_service.db.database import Database, speak_as
from geo_service.db.local_cluster import LocalCluster
from geo_service.db.migrate import MIGRATIONS, migrate, newest_revision
from geo_service.messages.outbox import OnItsWay, forget_messages, list_messages, list_messages_about, resend
from tests.privacy.everywhere import superuser

TOWN, OTHER = "06431002", "06431011"
CASE = uuid.UUID("00000000-0000-4000-8000-000000000001")
_TOWNS = """
INSERT INTO town (ags, slug, name, kind, boundary, boundary_accuracy_m, attribution)
SELECT ags, 't' || ags, ags, 'Stadt', ST_Multi(ST_MakeEnvelope(475000, 5503000, 476000, 5504000, 25832)), 1, 'x'
FROM unnest(%s::text[]) AS ags"""
_CASE = """
INSERT INTO permit (permit_id, town, reference, status, case_group, use_type, area, area_m2, period, filed_at)
VALUES (%s, %s, 'BEN-2026-000001', 'submitted', %s, 'geruest', ST_MakeEnvelope(475100, 5503100, 475110, 5503110, 25832), 100,
    '[2026-05-01,2026-05-02)', now())"""
_MESSAGES = """
INSERT INTO message (message_id, town, permit_id, told_town, kind, language, once, recipient, subject, body, state, posted_at)
SELECT gen_random_uuid(), %s, %s, told, kind, 'de', once, 'a@example.org', 'Betreff', 'Text', state, now()
FROM (VALUES (NULL, 'receipt', NULL, 'sent'), (%s, 'border_finding', '06431011 warn 2026-05-01', 'failed'))
    AS old (told, kind, once, state)"""


def upgrade(database: Database, revision: str) -> None:
    """To one revision and no further."""
    engine = create_engine(
        "postgresql+psycopg://", creator=lambda: psycopg.connect(database.owner_conninfo())
    )
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()


@pytest.fixture
def old(cluster: LocalCluster) -> Iterator[Database]:
    """At the revision before, filled."""
    name = f"old_{uuid.uuid4().hex[:12]}"
    cluster.create_database(name)
    database = cluster.database(name)
    upgrade(database, "0008")
    with superuser(database) as connection:
        connection.execute(_TOWNS, [[TOWN, OTHER]])
        connection.execute(_CASE, [CASE, TOWN, CASE])
        connection.execute(_MESSAGES, [TOWN, CASE, OTHER])
    yield database
    cluster.drop_database(name)


def test_messages_of_before_stay_what_they_were(old: Database) -> None:
    migrate(old)
    with superuser(old) as connection:
        (revision,) = connection.execute("SELECT version_num FROM alembic_version").fetchone() or ("",)
    assert revision == newest_revision()
    engine = old.app_engine()
    with Session(engine) as session:
        speak_as(session, actor="clerk", town=TOWN)
        found = {one.kind: one for one in list_messages_about(session, CASE)}
        assert {kind: one.state for kind, one in found.items()} == {
            "receipt": "sent",
            "border_finding": "failed",
        }
        listed = list_messages(session, TOWN, states=("failed", "unknown")).messages
        assert [(one.reference, one.collection) for one in listed] == [("BEN-2026-000001", None)]
        resend(session, TOWN, CASE, found["border_finding"].message_id)
        with pytest.raises(OnItsWay):
            resend(session, TOWN, CASE, found["border_finding"].message_id)
        speak_as(session, actor="applicant", case=str(CASE))
        assert [one.kind for one in list_messages_about(session, CASE)] == ["receipt"]
        speak_as(session, actor="clerk", town=OTHER)
        assert list_messages_about(session, CASE) == []
        speak_as(session, actor="system", town=TOWN)
        assert forget_messages(session, CASE) == 2
        session.rollback()
    engine.dispose()


@pytest.mark.parametrize(
    "about",
    ["NULL, NULL, NULL", "'{case}', 'events', '{case}'", "NULL, 'events', NULL", "NULL, NULL, '{case}'"],
)
def test_a_message_is_about_one_thing(old: Database, about: str) -> None:
    migrate(old)
    insert = (
        "INSERT INTO message (message_id, town, permit_id, collection, object_id, kind, language, recipient, subject, body, posted_at)"
        f" VALUES (gen_random_uuid(), '{TOWN}', {about.format(case=CASE)}, 'receipt', 'de', 'a', 'b', 'c', now())"
    )
    with (
        superuser(old) as connection,
        pytest.raises(psycopg.errors.CheckViolation, match="message_about_one_thing"),
    ):
        connection.execute(insert)
