"""Findings are made anew in the background: what begins it, how far it is, what a stop and a kill leave behind."""

from __future__ import annotations

import shutil
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from geo_service.commands.await_works import await_works
from geo_service.commands.towns import add_town
from geo_service.conflicts import recompute_due
from geo_service.conflicts.recompute_due import recompute_outdated, recompute_town, work_off
from geo_service.db.database import Database, operator_session, owner_session, speak_as
from geo_service.db.migrate import migrate
from geo_service.db.queue_schema import shipped_scripts
from geo_service.interval import TOWN_ZONE
from geo_service.jobs.queue import FOLLOW_CLOCK, RECOMPUTE_FINDINGS, defer
from geo_service.jobs.work import list_open_work, list_work
from geo_service.occupations.write_occupation import save_occupation
from geo_service.worker.run import work_until_empty, worker_beside
from tests.conftest import ROOT
from tests.permits.conftest import BENSHEIM, VIERNHEIM, Desk

FOLDER = ROOT / "data" / "towns" / "bensheim"


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def engine(desk: Desk) -> Engine:
    return desk.app.state.engine


def numbers(desk: Desk, receipt: dict[str, Any]) -> list[tuple[str, str]]:
    case = desk.client.get(f"/api/v1/permits/{receipt['reference']}", headers=desk.key()).json()
    return sorted((f["number"], f["severity"]) for f in case["properties"]["findings"])


def folder_with(tmp_path: Path, rules: str) -> Path:
    """Bensheim's folder with other values of rules."""
    folder = tmp_path / "bensheim"
    shutil.copytree(FOLDER, folder, dirs_exist_ok=True)
    (folder / "rules.yaml").write_text(rules, encoding="utf-8")
    return folder


NARROW = "neighbour_distance_m: {legal_source: Satzung, values: {2020-01-01: 3}}\n"


def test_values_of_a_town_change_its_findings_in_the_background(
    desk: Desk, engine: Engine, tmp_path: Path
) -> None:
    first, second = desk.file(0, 0), desk.file(9, 0)  # 5 m between the two
    assert numbers(desk, first) == numbers(desk, second) == [("K02", "info")]
    added = add_town(desk.database, folder_with(tmp_path, NARROW))
    (work_id,) = added.works
    assert numbers(desk, first) == [("K02", "info")]  # nothing has happened yet
    with operator_session(engine) as session:
        (work,) = list_work(session, [work_id])
        assert (work.state, work.done, work.total, work.reason, work.town) == (
            "waiting",
            0,
            2,
            "rules",
            BENSHEIM,
        )
    await_works(desk.database, [work_id])
    assert numbers(desk, first) == numbers(desk, second) == []
    with operator_session(engine) as session:
        (work,) = list_work(session, [work_id])
        assert (work.state, work.done, work.total) == ("done", 2, 2)
    assert add_town(desk.database, tmp_path / "bensheim").works == ()  # the same again: nothing to do


def test_nothing_is_deferred_when_the_folder_is_refused(desk: Desk, engine: Engine, tmp_path: Path) -> None:
    """The job is part of the transaction that makes it necessary."""
    desk.file()
    with pytest.raises(RuntimeError), operator_session(engine) as session:
        assert recompute_town(session, BENSHEIM, reason="town") is not None
        raise RuntimeError("something later goes wrong")
    with owner_session(desk.database) as owner:
        assert (
            owner.execute(
                text("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'recompute_findings'")
            ).scalar_one()
            == 0
        )


def test_a_value_that_comes_into_force_makes_the_findings_anew(
    desk: Desk, engine: Engine, tmp_path: Path
) -> None:
    first, _ = desk.file(0, 0), desk.file(9, 0)
    later = datetime.now(TOWN_ZONE).date() + timedelta(days=30)
    added = add_town(desk.database, folder_with(tmp_path, NARROW.replace("2020-01-01", later.isoformat())))
    assert added.works == ()
    with operator_session(engine) as session:
        assert recompute_outdated(session, day=later - timedelta(days=1)) == []
        recompute_due.forget_values(session)
        works = recompute_outdated(session, day=later)
        assert len(works) == 1
    in_a_month = datetime.combine(later, datetime.min.time(), tzinfo=UTC) + timedelta(hours=12)
    assert work_off(engine, works[0], now=lambda: in_a_month)
    assert [one for one in numbers(desk, first) if one[0] == "K02"] == []


def test_a_server_works_off_what_comes_and_stops_at_once(desk: Desk, engine: Engine, tmp_path: Path) -> None:
    first, _ = desk.file(0, 0), desk.file(9, 0)
    with worker_beside(desk.database):
        add_town(desk.database, folder_with(tmp_path, NARROW))
        end = time.monotonic() + 30
        while numbers(desk, first) and time.monotonic() < end:
            time.sleep(0.1)
        assert numbers(desk, first) == []
        asked = time.monotonic()
    assert time.monotonic() - asked < 5
    with owner_session(desk.database) as owner:
        assert owner.execute(text("SELECT count(*) FROM procrastinate_workers")).scalar_one() == 0


def test_a_stopped_work_goes_on_where_it_was(
    desk: Desk, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for i in range(5):
        desk.file(20 * i, 0)
    monkeypatch.setattr(recompute_due, "PART", 2)
    with operator_session(engine) as session:
        work_id = recompute_town(session, BENSHEIM, reason="town")
    assert work_id is not None
    asked: list[None] = []

    def stop_after_one() -> bool:
        asked.append(None)
        return len(asked) > 1

    assert work_off(engine, work_id, now=now, should_stop=stop_after_one) is False
    with operator_session(engine) as session:
        (work,) = list_work(session, [work_id])
        assert (work.state, work.done, work.total) == ("running", 2, 5)
    assert work_off(engine, work_id, now=now)
    with operator_session(engine) as session:
        (work,) = list_work(session, [work_id])
        assert (work.state, work.done) == ("done", 5)


def test_the_job_of_a_killed_worker_is_done_by_the_next(desk: Desk, engine: Engine, tmp_path: Path) -> None:
    first, _ = desk.file(0, 0), desk.file(9, 0)
    add_town(desk.database, folder_with(tmp_path, NARROW))
    with owner_session(desk.database) as owner:  # as a worker leaves it that was killed a minute ago
        owner.execute(
            text("INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 minute')")
        )
        owner.execute(
            text(
                "UPDATE procrastinate_jobs SET status = 'doing', worker_id = (SELECT max(id) FROM procrastinate_workers)"
            )
        )
    work_until_empty(desk.database)
    assert numbers(desk, first) == [("K02", "info")]
    with worker_beside(desk.database):
        end = time.monotonic() + 30
        while numbers(desk, first) and time.monotonic() < end:
            time.sleep(0.1)
    assert numbers(desk, first) == []


def test_a_killed_worker_whose_job_was_asked_for_again_holds_nobody_up(desk: Desk) -> None:
    """The clock's job stands in the queue twice: begun by a dead worker, and waiting until that one has ended."""
    with owner_session(desk.database) as owner:
        owner.execute(
            text("INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 minute')")
        )
        for status, worker in (("doing", "(SELECT max(id) FROM procrastinate_workers)"), ("todo", "NULL")):
            owner.execute(
                text(
                    "INSERT INTO procrastinate_jobs (task_name, queue_name, lock, queueing_lock, status, args, worker_id)"
                    f" VALUES ('{FOLLOW_CLOCK}', 'default', '{FOLLOW_CLOCK}', '{FOLLOW_CLOCK}', '{status}',"
                    f" jsonb_build_object('timestamp', 0), {worker})"
                )
            )

    def states() -> list[str]:
        with owner_session(desk.database) as owner:
            rows = owner.execute(text("SELECT status::text FROM procrastinate_jobs ORDER BY id"))
            return list(rows.scalars())

    with worker_beside(desk.database):
        end = time.monotonic() + 30
        while states() != ["aborted", "succeeded"] and time.monotonic() < end:
            time.sleep(0.1)
    assert states() == ["aborted", "succeeded"]


def test_a_job_that_fails_for_good_says_so(
    desk: Desk, engine: Engine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.file()
    with operator_session(engine) as session:
        work_id = recompute_town(session, BENSHEIM, reason="town")

    def broken(*_: Any, **__: Any) -> None:
        raise ValueError("a fault of ours")

    monkeypatch.setattr(recompute_due, "recompute_many", broken)
    assert work_id is not None
    await_works(desk.database, [work_id])
    assert "failed" in capsys.readouterr().err
    with operator_session(engine) as session:
        (work,) = list_work(session, [work_id])
        assert (work.state, work.done) == ("failed", 0)


def test_a_desk_sees_the_work_on_its_own_town(desk: Desk, engine: Engine) -> None:
    desk.file()
    with operator_session(engine) as session:
        recompute_town(session, BENSHEIM, reason="town")
    seen = {}
    for who in (
        {"actor": "clerk", "town": BENSHEIM},
        {"actor": "clerk", "town": VIERNHEIM},
        {"actor": "public"},
        {"actor": "reader"},
    ):
        with Session(engine) as session:
            speak_as(session, **who)
            seen[who["actor"], who.get("town")] = len(list_open_work(session, BENSHEIM))
            changed = session.execute(text("UPDATE background_work SET done = 0"))
            assert changed.rowcount == 0  # type: ignore[attr-defined]
            assert session.execute(text("SELECT count(*) FROM finding_due")).scalar_one() == 0
    assert seen == {("clerk", BENSHEIM): 1, ("clerk", VIERNHEIM): 0, ("public", None): 0, ("reader", None): 0}
    page = desk.client.get("/towns/bensheim/desk", headers=desk.key()).text
    assert "Angaben zur Kommune haben sich geändert" in page and "0 von 1" in page


def test_a_job_whose_rows_are_gone_is_no_failure(empty_database: Database) -> None:
    engine = empty_database.app_engine(pool_size=1)
    with operator_session(engine) as session:
        defer(session, RECOMPUTE_FINDINGS, work_id=4711)
    engine.dispose()
    work_until_empty(empty_database)
    with owner_session(empty_database) as owner:
        found = "SELECT status::text FROM procrastinate_jobs WHERE task_name = 'recompute_findings'"
        assert owner.execute(text(found)).scalar_one() == "succeeded"


def test_an_older_queue_is_brought_up_to_date(empty_database: Database, scenery: Any) -> None:
    """All of the library's own migrations, from its first version on, give a queue that works."""
    gone = "procrastinate_jobs, procrastinate_events, procrastinate_periodic_defers, procrastinate_workers"
    first = shipped_scripts()[0]
    with owner_session(empty_database) as owner:
        owner.execute(text(f"DROP TABLE {gone} CASCADE"))
        names = "SELECT oid::regprocedure::text FROM pg_proc WHERE proname LIKE 'procrastinate%'"
        for name in owner.execute(text(names)).scalars().all():
            owner.execute(text(f"DROP FUNCTION {name} CASCADE"))
        for name in ("job_to_defer_v1", "job_status", "job_event_type"):
            owner.execute(text(f"DROP TYPE procrastinate_{name} CASCADE"))
        owner.execute(text("UPDATE queue_schema SET last_script = :name"), {"name": first.name})
        with closing(owner.connection().connection.cursor()) as cursor:
            cursor.execute(first.read_text(encoding="utf-8"))
    migrate(empty_database)
    with owner_session(empty_database) as owner:
        reached = owner.execute(text("SELECT last_script FROM queue_schema")).scalar_one()
    assert reached == shipped_scripts()[-1].name
    engine = empty_database.app_engine(pool_size=1)
    with operator_session(engine) as session:
        save_occupation(session, scenery.occupation({}, state="submitted"))
        work_id = recompute_town(session, "-", reason="rules")
    work_until_empty(empty_database)
    with operator_session(engine) as session:
        (work,) = list_work(session, [work_id or 0])
        assert (work.state, work.done) == ("done", 1)
    engine.dispose()
