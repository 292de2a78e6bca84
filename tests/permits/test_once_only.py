"""Committed before the answer, done once, and not too often."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from sqlalchemy import text

import geo_service
from geo_service.db.database import owner_session
from tests.permits.conftest import BENSHEIM, Desk

PACKAGE = Path(geo_service.__file__).parent


def cases(desk: Desk) -> int:
    with owner_session(desk.database) as owner:
        owner.execute(text("SELECT set_config('app.town', :town, true)"), {"town": BENSHEIM})
        return int(owner.execute(text("SELECT count(*) FROM permit")).scalar_one())


def test_a_repeated_post_files_once(desk: Desk) -> None:
    headers = {"Idempotency-Key": "a1"}
    first = desk.client.post("/api/v1/permits", json=desk.body(), headers=headers)
    again = desk.client.post("/api/v1/permits", json=desk.body(), headers=headers)
    assert (first.status_code, first.content) == (again.status_code, again.content)
    assert again.headers["location"] == first.headers["location"] and again.headers["etag"] == '"1"'
    assert cases(desk) == 1
    other = desk.client.post("/api/v1/permits", json=desk.body(1), headers=headers)
    assert other.status_code == 422
    assert (
        desk.client.post(
            "/api/v1/permits", json=desk.body(), headers={"Idempotency-Key": "x" * 256}
        ).status_code
        == 400
    )
    assert cases(desk) == 1


def test_another_caller_does_not_get_the_answer(desk: Desk) -> None:
    desk.client.post("/api/v1/permits", json=desk.body(), headers={"Idempotency-Key": "a1"})
    clerk = desk.client.post(
        "/api/v1/permits", json=desk.body(), headers={"Idempotency-Key": "a1", **desk.key()}
    )
    assert clerk.status_code == 201 and "idempotent-replayed" not in clerk.headers
    receipt = desk.file(50)
    once = {"X-Permit-Token": receipt["token"], "Idempotency-Key": "w"}
    assert desk.move(receipt["reference"], "withdrawn", once).status_code == 200
    assert desk.move(receipt["reference"], "withdrawn", once).status_code == 200
    assert desk.move(receipt["reference"], "withdrawn", {"Idempotency-Key": "w"}).status_code == 422


def test_a_refused_filing_may_be_repeated_with_the_same_key(desk: Desk) -> None:
    headers = {"Idempotency-Key": "a2"}
    wrong = desk.client.post("/api/v1/permits", json=desk.body(applicant=None), headers=headers)
    assert wrong.status_code == 422
    assert desk.client.post("/api/v1/permits", json=desk.body(), headers=headers).status_code == 201


def test_the_same_key_twice_at_once_files_once(desk: Desk) -> None:
    start = threading.Barrier(6)

    def post(_: int) -> int:
        start.wait()
        return desk.client.post(
            "/api/v1/permits", json=desk.body(), headers={"Idempotency-Key": "b"}
        ).status_code

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(post, range(6)))
    assert set(answers) <= {201, 409} and 201 in answers
    assert cases(desk) == 1


def test_while_the_first_is_running_the_second_waits_outside(desk: Desk) -> None:
    with owner_session(desk.database) as owner:  # somebody holds the lock of writers: the first cannot finish
        owner.execute(text("LOCK TABLE permit IN ACCESS EXCLUSIVE MODE"))
        with ThreadPoolExecutor(1) as pool:
            headers = {"Idempotency-Key": "c"}
            post = partial(desk.client.post, "/api/v1/permits", json=desk.body(), headers=headers)
            first = pool.submit(post)
            wait_for_lock(desk)
            second = post()
            assert second.status_code == 409 and second.headers["retry-after"]
            owner.rollback()
            assert first.result().status_code == 201


def wait_for_lock(desk: Desk) -> None:
    """Until the first request stands before the locked table."""
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'relation'"
    pause = threading.Event()
    for _ in range(200):
        with owner_session(desk.database) as other:
            if other.execute(text(waiting)).scalar_one():
                return
        pause.wait(0.02)
    raise AssertionError("the first request never came to the table")


def test_a_commit_that_fails_is_not_answered_with_201(desk: Desk) -> None:
    with owner_session(desk.database) as owner:
        owner.execute(
            text(
                "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
                " $$ BEGIN RAISE EXCEPTION 'refused at commit'; END $$"
            )
        )
        owner.execute(
            text(
                "CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON permit DEFERRABLE INITIALLY DEFERRED"
                " FOR EACH ROW EXECUTE FUNCTION refuse()"
            )
        )
    answer = desk.client.post("/api/v1/permits", json=desk.body(), headers={"Idempotency-Key": "d"})
    assert answer.status_code == 500 and "refused" not in answer.text
    with owner_session(desk.database) as owner:
        owner.execute(text("DROP TRIGGER refuse ON permit"))
    assert cases(desk) == 0
    assert (
        desk.client.post("/api/v1/permits", json=desk.body(), headers={"Idempotency-Key": "d"}).status_code
        == 201
    )


def test_only_the_edges_commit() -> None:
    inside = [
        room for room in PACKAGE.iterdir() if room.is_dir() and room.name not in ("db", "commands", "_packed")
    ]
    found = [
        f"{path.relative_to(PACKAGE)}: {line.strip()}"
        for room in inside
        for path in room.rglob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.search(r"\.commit\(", line)
    ]
    assert found == []


def test_too_many_filings_wait(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk(rate_filings="2/hour", rate_checks="3/min")
    answers = [desk.client.post("/api/v1/permits", json=desk.body(20 * i)) for i in range(3)]
    assert [answer.status_code for answer in answers] == [201, 201, 429]
    assert 0 < int(answers[2].headers["retry-after"]) <= 3600
    assert answers[2].headers["content-type"] == "application/problem+json"
    assert desk.client.post("/api/v1/permits", json=desk.body(90), headers=desk.key()).status_code == 201
    check = lambda **headers: desk.client.post("/api/v1/conflict-checks", json=check_body, headers=headers)  # noqa: E731
    check_body = desk.body()
    for name in ("purpose", "applicant"):
        del check_body["properties"][name]
    assert [check().status_code for _ in range(4)] == [200, 200, 200, 429]
    spoofed = check(**{"X-Forwarded-For": "198.51.100.7"})
    assert spoofed.status_code == 429  # nobody is behind a proxy that is not trusted


def test_the_demo_on_this_machine_counts_nothing(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk(rate_filings="1/hour", demo=True)
    assert [desk.client.post("/api/v1/permits", json=desk.body(20 * i)).status_code for i in range(3)] == [
        201
    ] * 3
