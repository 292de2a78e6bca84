"""What becomes binding is race-free: many grants at once, in two towns, over the real application."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import pytest
from shapely import from_wkb
from shapely.geometry import box
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo_service.conflicts import binding_lock
from geo_service.construction.save_site import save_site
from geo_service.construction.site import ConstructionSite
from geo_service.db.database import owner_session, speak_as
from geo_service.errors import Rejected
from geo_service.identity.caller import Caller
from geo_service.interval import Interval
from geo_service.permits.decide_permit import Move, move_permit
from tests.permits.conftest import BENSHEIM, VIERNHEIM, Desk

PAIRS_PER_TOWN = 10
OVERLAPS = """
SELECT count(*) FROM occupation AS a INNER JOIN occupation AS b ON a.occupation_id < b.occupation_id
    AND a.binding AND b.binding AND a.exclusive AND b.exclusive AND a.area && b.area AND a.period && b.period
WHERE ST_Area(ST_Intersection(a.area, b.area)) >= 0.25"""
BINDING = "SELECT count(*) FROM occupation WHERE binding"


def answer(desk: Desk, question: str) -> int:
    with owner_session(desk.database) as owner:
        return int(owner.execute(text(question)).scalar_one())


def test_of_two_overlapping_requests_one_is_granted(desk: Desk) -> None:
    pairs: list[tuple[str, list[str]]] = []
    for town in (BENSHEIM, VIERNHEIM):
        for i in range(PAIRS_PER_TOWN):
            receipts = [desk.file(20 * i, 0, town=town), desk.file(20 * i + 2, 1, town=town)]
            for receipt in receipts:
                assert desk.move(receipt["reference"], "in_review", desk.key(town=town)).status_code == 200
            pairs.append((town, [receipt["reference"] for receipt in receipts]))
    grants = [(town, reference) for town, references in pairs for reference in references]
    random.Random(1).shuffle(grants)
    keys = {town: desk.key(town=town) for town in (BENSHEIM, VIERNHEIM)}

    def grant(one: tuple[str, str]) -> tuple[str, int]:
        town, reference = one
        return reference, desk.move(reference, "granted", keys[town]).status_code

    with ThreadPoolExecutor(8) as pool:
        outcome = dict(pool.map(grant, grants))
    for _, references in pairs:
        assert sorted(outcome[reference] for reference in references) == [200, 409], references
    assert answer(desk, BINDING) == 2 * PAIRS_PER_TOWN
    assert answer(desk, OVERLAPS) == 0


@contextmanager
def clerk_session(desk: Desk, town: str = BENSHEIM) -> Iterator[Session]:
    with Session(desk.app.state.engine) as session:
        speak_as(session, actor="clerk", town=town)
        yield session


def grant_while_another_is_open(desk: Desk, second_town: str = BENSHEIM) -> list[str]:
    """Grants two requests in two transactions, the second begun before the first is committed.

    They overlap where both are of one town. Returns what became of both, and whether the second waited.
    """
    receipts = [desk.file(0, 0), desk.file(2, 1, town=second_town)]
    for receipt, town in zip(receipts, (BENSHEIM, second_town), strict=True):
        assert desk.move(receipt["reference"], "in_review", desk.key(town=town)).status_code == 200
    clerk = Caller(role="clerk", town=BENSHEIM, name="clerk")

    def grant(session: Session, receipt: dict[str, Any]) -> str:
        by = replace(clerk, town=second_town)
        try:
            permit = move_permit(
                session, receipt["reference"], Move(to="granted"), caller=by, as_of=datetime.now(UTC)
            )
        except Rejected as refused:
            session.rollback()
            return type(refused).__name__
        session.commit()
        return permit.status

    with clerk_session(desk) as first, ThreadPoolExecutor(1) as pool:
        move_permit(
            first, receipts[0]["reference"], Move(to="granted"), caller=clerk, as_of=datetime.now(UTC)
        )
        with clerk_session(desk, second_town) as second:
            waiting = pool.submit(grant, second, receipts[1])
            wait_until_blocked_or_done(desk, waiting.done)
            waited = not waiting.done()
            first.commit()
            return ["granted", waiting.result(), "after waiting" if waited else "at once"]


def wait_until_blocked_or_done(desk: Desk, done: Callable[[], bool]) -> None:
    """Until the second transaction has come as far as it gets while the first is open."""
    pause = threading.Event()
    for _ in range(200):
        if done() or answer(desk, "SELECT count(*) FROM pg_locks WHERE NOT granted"):
            return
        pause.wait(0.02)
    raise AssertionError("the second grant neither waited nor finished")


def test_the_second_waits_for_the_first_and_is_refused(desk: Desk) -> None:
    assert grant_while_another_is_open(desk) == ["granted", "GrantRefused", "after waiting"]
    assert answer(desk, OVERLAPS) == 0


def test_who_is_far_away_and_in_no_street_waits_for_nobody(desk: Desk) -> None:
    assert grant_while_another_is_open(desk, VIERNHEIM) == ["granted", "granted", "at once"]


@pytest.mark.parametrize("locked", [True, False])
def test_a_grant_waits_for_a_site_that_is_being_stored(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, locked: bool
) -> None:
    """The site takes the whole lock, the grant that of its vicinity; without the latter both stand there."""
    if not locked:
        monkeypatch.setattr(binding_lock, "_LOCK_NEAR", text("SELECT 1"))
    receipt = desk.file(0, 0)
    assert desk.move(receipt["reference"], "in_review").status_code == 200
    clerk = Caller(role="clerk", town=BENSHEIM, name="clerk")
    with owner_session(desk.database) as owner:
        row = owner.execute(
            text("SELECT ST_AsBinary(area), lower(period), upper(period) FROM occupation")
        ).one()
    site = ConstructionSite(
        site_id=uuid4(), title="Kanal", area=from_wkb(bytes(row[0])), period=Interval(row[1], row[2]),
        state="confirmed", source="test",
    )  # fmt: skip

    def grant(session: Session) -> str:
        try:
            move_permit(
                session, receipt["reference"], Move(to="granted"), caller=clerk, as_of=datetime.now(UTC)
            )
        except Rejected as refused:
            session.rollback()
            return type(refused).__name__
        session.commit()
        return "granted"

    with clerk_session(desk) as first, ThreadPoolExecutor(1) as pool:
        save_site(first, site, as_of=datetime.now(UTC))
        with clerk_session(desk) as second:
            waiting = pool.submit(grant, second)
            wait_until_blocked_or_done(desk, waiting.done)
            first.commit()
            assert waiting.result() == ("GrantRefused" if locked else "granted")
    assert answer(desk, OVERLAPS) == (0 if locked else 1)


def test_whoever_takes_the_whole_lock_waits_for_all_of_them(desk: Desk) -> None:
    receipt = desk.file(0, 0)
    assert desk.move(receipt["reference"], "in_review").status_code == 200
    clerk = Caller(role="clerk", town=BENSHEIM, name="clerk")

    def take_all(session: Session) -> None:
        binding_lock.take_binding_lock(session)
        session.rollback()

    with clerk_session(desk) as first, ThreadPoolExecutor(1) as pool:
        move_permit(first, receipt["reference"], Move(to="granted"), caller=clerk, as_of=datetime.now(UTC))
        with clerk_session(desk) as second:
            waiting = pool.submit(take_all, second)
            wait_until_blocked_or_done(desk, waiting.done)
            assert not waiting.done()
            first.commit()
            waiting.result(timeout=10)


@pytest.mark.parametrize("locked", [True, False])
def test_two_new_sites_over_each_other(desk: Desk, monkeypatch: pytest.MonkeyPatch, locked: bool) -> None:
    """Taken out, both are confirmed and stand in each other: the proof that the lock is what is tested."""
    if not locked:
        monkeypatch.setattr(binding_lock, "_LOCK", text("SELECT 1"))
    cx, cy = desk.centres[BENSHEIM]
    days = Interval.of_days(date(2027, 6, 1), date(2027, 6, 14))
    sites = [
        ConstructionSite(
            site_id=uuid4(), title="Kanal", area=box(cx + x, cy, cx + x + 10, cy + 5), period=days,
            state="confirmed", source="test",
        )
        for x in (0, 5)
    ]  # fmt: skip

    def save(session: Session) -> str:
        try:
            save_site(session, sites[1], as_of=datetime.now(UTC))
        except Rejected as refused:
            session.rollback()
            return type(refused).__name__
        session.commit()
        return "confirmed"

    with clerk_session(desk) as first, ThreadPoolExecutor(1) as pool:
        save_site(first, sites[0], as_of=datetime.now(UTC))
        with clerk_session(desk) as second:
            waiting = pool.submit(save, second)
            wait_until_blocked_or_done(desk, waiting.done)
            first.commit()
            assert waiting.result() == ("BlockedByFindings" if locked else "confirmed")
    assert answer(desk, OVERLAPS) == (0 if locked else 1)


def test_two_decisions_about_one_case_do_not_cross(desk: Desk) -> None:
    receipt = desk.file()
    desk.move(receipt["reference"], "in_review")
    steps = [("granted", {}), ("rejected", {"reason": "nein"})] * 4
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(lambda step: desk.move(receipt["reference"], step[0], **step[1]).status_code, steps)
        )
    assert sorted(answers) == [200] + [409] * 7


def test_filings_at_the_same_moment_find_each_other(desk: Desk) -> None:
    with ThreadPoolExecutor(8) as pool:
        receipts = list(pool.map(lambda i: desk.file(0.1 * i, 0), range(8)))
    assert len({receipt["reference"] for receipt in receipts}) == 8
    found = sorted(sum(f["number"] == "K01" for f in receipt["findings"]) for receipt in receipts)
    assert found == list(range(8))
