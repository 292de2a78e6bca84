"""After the crash: everything that was answered is there once, and nothing is there by half.

CHECKS is open: who sends something else (webhooks) adds a check that counts what arrived. Each gets the world and
the ledger and returns what is wrong in words.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from geo_service.db.database import speak_as
from tests.soak.crash_load import Ledger
from tests.soak.crash_world import TOWN, World

# What must never be: one query, what is wrong with which case.
HALVES = {
    "filed twice": "SELECT purpose FROM permit GROUP BY purpose HAVING count(*) > 1",
    "without its applicant": "SELECT reference FROM permit WHERE NOT EXISTS (SELECT 1 FROM applicant WHERE applicant.permit_id = permit.permit_id)",
    "not found by words": "SELECT reference FROM permit WHERE permit_id NOT IN (SELECT find_cases(reference))",
    "without one occupation of its state": """SELECT reference FROM permit WHERE (SELECT count(*) FROM occupation
        WHERE occupation.source_id = permit.permit_id AND occupation.state = permit.status AND occupation.reference = permit.reference) <> 1""",
    "an occupation without its case": """SELECT source_id::text FROM occupation WHERE collection = 'permits'
        AND NOT EXISTS (SELECT 1 FROM permit WHERE permit.permit_id = occupation.source_id)""",
    "steps that do not lead to its state": """SELECT reference FROM permit WHERE status IS DISTINCT FROM (SELECT to_status FROM permit_transition
        WHERE permit_transition.permit_id = permit.permit_id ORDER BY transition_id DESC LIMIT 1)""",
    "steps with a gap": """SELECT permit_id::text FROM (SELECT permit_id, from_status, lag(to_status) OVER (PARTITION BY permit_id ORDER BY transition_id) AS before
        FROM permit_transition) AS step WHERE from_status IS DISTINCT FROM before""",
    "a step taken twice": "SELECT permit_id::text FROM permit_transition GROUP BY permit_id, to_status HAVING count(*) > 1",
    "in force and not published, or the reverse": """SELECT reference FROM permit WHERE (status IN ('granted', 'active'))
        <> EXISTS (SELECT 1 FROM published_permit WHERE published_permit.permit_id = permit.permit_id AND published_permit.status = permit.status)""",
    "undecided and not pending, or the reverse": """SELECT reference FROM permit
        WHERE (status IN ('submitted', 'in_review', 'more_information_needed', 'in_consultation'))
        <> EXISTS (SELECT 1 FROM pending_permit WHERE pending_permit.permit_id = permit.permit_id AND pending_permit.status = permit.status)""",
    "granted without what it rests on": "SELECT reference FROM permit WHERE status IN ('granted', 'active') AND (findings_at_grant IS NULL OR rule_basis IS NULL)",
}


def nothing_by_half(world: World, ledger: Ledger) -> list[str]:
    """The database in itself."""
    wrong = []
    engine = world.engine()
    with Session(engine) as session:
        speak_as(session, actor="clerk", town=TOWN)
        for what, query in HALVES.items():
            wrong += [f"{what}: {row}" for row in session.execute(text(query)).scalars()]
    engine.dispose()
    return wrong


def everything_answered(world: World, ledger: Ledger) -> list[str]:
    """The database against what people were told."""
    engine = world.engine()
    with Session(engine) as session:
        speak_as(session, actor="clerk", town=TOWN)
        rows = session.execute(text("SELECT purpose, reference, status FROM permit")).all()
    engine.dispose()
    stored = {row.purpose: row.reference for row in rows}
    status = {row.reference: row.status for row in rows}
    lost = [f"filed and lost: {mark}" for mark, ref in ledger.filed.items() if stored.get(mark) != ref]
    unmade = [
        f"granted and lost: {ref}" for ref in ledger.granted if status.get(ref) not in ("granted", "active")
    ]
    extra = [f"never answered: {key}" for key in ledger.unanswered]
    unknown = [f"nobody asked for: {mark}" for mark in stored if mark not in ledger.filed]
    return lost + unmade + extra + unknown


def no_mail_twice(world: World, ledger: Ledger) -> list[str]:
    """The mail server against the outbox: each message came at most once, what is "sent" came, each case has its receipt."""
    rows = _messages(world)  # before the mails are counted: the worker goes on meanwhile
    came = Counter(str(mail["Message-ID"]) for mail in world.post.mails)
    twice = [f"mail came {times} times: {one}" for one, times in came.items() if times > 1]
    lost = [
        f"sent and never came: {row.kind} {row.reference}"
        for row in rows
        if row.state == "sent" and not came[row.internet_id]
    ]
    failed = [
        f"{row.state}: {row.kind} {row.reference}"
        for row in rows
        if row.state in ("failed", "not_configured")
    ]
    receipts = Counter(row.reference for row in rows if row.kind == "receipt")
    silent = [f"{receipts[ref]} receipts: {ref}" for ref in ledger.filed.values() if receipts[ref] != 1]
    return twice + lost + failed + silent


def await_mails(world: World) -> dict[str, int]:
    """How many messages are in which state once nothing waits any more, or the patience is at its end.

    A killed worker's mail is taken up when its heart has been silent for half a minute; one that was being handed
    over stays `unknown`: nobody can know whether the mail server had it, and twice is worse. The patience begins
    anew with each mail that is sent.
    """
    end, sent = time.monotonic() + 180, -1
    while True:
        states = Counter(row.state for row in _messages(world))
        if not {"waiting", "sending", "handing_over"} & set(states) or time.monotonic() > end:
            return dict(states)
        if states["sent"] > sent:
            end, sent = time.monotonic() + 180, states["sent"]
        world.revive()
        time.sleep(1)


def _messages(world: World) -> list[Any]:
    engine = world.engine()
    with Session(engine) as session:
        speak_as(session, actor="clerk", town=TOWN)
        query = "SELECT message.kind, message.state, message.internet_id, permit.reference FROM message INNER JOIN permit USING (permit_id)"
        rows = list(session.execute(text(query)).all())
    engine.dispose()
    return rows


CHECKS: list[Callable[[World, Ledger], list[str]]] = [nothing_by_half, everything_answered, no_mail_twice]
