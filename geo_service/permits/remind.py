"""Reminders: an applicant whose answer is awaited hears of it again two working days before the deadline."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from geo_service.db.database import operator_session, speak_as
from geo_service.identity.caller import system_of
from geo_service.permits.deadlines import due_after
from geo_service.permits.permit import get_permit
from geo_service.permits.tell import tell_reminder
from geo_service.sql.loader import statements, text
from geo_service.towns.town import list_towns

_WORKING_DAYS = 2
_AT_ONCE = 500
_DUE = text(statements("messages")["due_for_reminder"])


def remind(
    engine: Engine, *, now: Callable[[], datetime], should_stop: Callable[[], bool] = lambda: False
) -> None:
    """Remind whoever is to be reminded now, in every town; as often as one likes, each deadline once."""
    with operator_session(engine) as session:
        towns = [town.ags for town in list_towns(session)]
    for town in towns:
        if should_stop():
            return
        _remind_town(engine, town, now())


def _remind_town(engine: Engine, town: str, as_of: datetime) -> None:
    with Session(engine) as session, session.begin():
        speak_as(session, actor="system", town=town)
        until = due_after(_WORKING_DAYS, as_of=as_of)
        asked = {"town": town, "as_of": as_of, "until": until, "number": _AT_ONCE}
        for permit_id in session.execute(_DUE, asked).scalars().all():
            permit = get_permit(session, str(permit_id), caller=system_of(town), lock=True)
            if permit.status == "more_information_needed":  # nobody was faster
                tell_reminder(session, permit, as_of=as_of)
