"""Cases moved at a moment of one's choice: what a clerk, an applicant or the clock does then."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from geo_service.db.database import speak_as
from geo_service.identity.caller import PUBLIC, Caller
from geo_service.interval import midnight
from geo_service.permits.decide_permit import Move, move_permit
from geo_service.permits.follow_clock import follow_clock
from geo_service.permits.permit import Permit
from tests.permits.conftest import BENSHEIM, Desk

CLERK = Caller(role="clerk", town=BENSHEIM, name="Frau Amt")


def step(
    desk: Desk, reference: str, to: str, *, at: datetime, token: str | None = None, **more: Any
) -> Permit:
    """One step at a moment: the applicant's with a token, else the clerk's."""
    caller = PUBLIC if token else CLERK
    with Session(desk.app.state.engine) as session, session.begin():
        speak_as(session, actor=caller.role, town=caller.town)
        return move_permit(session, reference, Move(to=to, **more), caller=caller, as_of=at, token=token)


def tick(desk: Desk, at: datetime) -> int:
    """The clock's own job at a moment; how many steps it took."""
    return follow_clock(desk.app.state.engine, now=lambda: at)


def of_case(desk: Desk, reference: str) -> dict[str, Any]:
    """The case as its clerk reads it."""
    answer = desk.client.get(f"/api/v1/permits/{reference}", headers=desk.key())
    return dict(answer.json()["properties"])


def begin(desk: Desk, receipt: dict[str, Any]) -> tuple[datetime, datetime]:
    """Grant a request and let it begin; start and end of its period."""
    assert desk.grant(receipt).status_code == 200
    start, end = bounds(desk, receipt)
    assert tick(desk, start) == 1
    return start, end


def bounds(desk: Desk, receipt: dict[str, Any]) -> tuple[datetime, datetime]:
    """First instant of a case's first day, and of the day after its last."""
    facts = of_case(desk, receipt["reference"])
    last = date.fromisoformat(facts["until"])
    return midnight(date.fromisoformat(facts["from"])), midnight(last + timedelta(days=1))
