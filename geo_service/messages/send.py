"""Sending one message: claimed, handed to the mail server, noted. Nothing is sent twice, nothing is lost.

Each step is a transaction of its own, so that a killed worker leaves behind how far it was:

waiting → sending → handing_over → sent
sending → waiting (another try later) | failed        handing_over → unknown (nobody knows; the desk decides)

An attempt has a number, and only the newest may hand over: a worker that was taken for dead and comes back
finds its number outdated. docs/decisions/0016-messages.md says what SMTP allows.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

import structlog
from sqlalchemy import Engine, Row
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from geo_service.db.database import speak_as
from geo_service.messages.mail_server import MailServer, NobodyKnows, NoLongerOurs, NotAccepted, hand_over
from geo_service.messages.outbox import defer_sending
from geo_service.messages.wording import LINK
from geo_service.sql.loader import statements, text
from geo_service.towns.town import Town, get_town

_NAMED = statements("messages")
# How long after an attempt the next one is made; after the last one a person has to look at it.
_WAITS: Final = tuple(
    timedelta(minutes=minutes) for minutes in (1, 5, 15, 30, 60, 120, 240, 480, 720, 720, 720, 720)
)
_LONGEST_FAULT: Final = 300
_TRIES_TO_NOTE: Final = 60
_TO_OFFICE: Final = ("answer_received", "consultation_answered")
_log = structlog.get_logger()


def send_message(  # noqa: PLR0911 - one for each end that an attempt can come to
    engine: Engine,
    message_id: UUID,
    town: str,
    server: MailServer | None,
    *,
    now: Callable[[], datetime],
    should_stop: Callable[[], bool] = lambda: False,
) -> str | None:
    """One attempt at a message of a town (AGS); its state afterwards, None where there was nothing to do.

    Logs ids, states and the kind of a fault only.
    """
    attempt = _Attempt(engine, message_id, town)
    claimed = attempt.claim(server)
    if claimed is None:
        return None
    row, of_town, link = claimed
    if server is None:
        return attempt.note("not_configured", before=("sending",))
    try:
        hand_over(
            server,
            build_mail(row, of_town, link, server),
            before_end=lambda: attempt.note("handing_over", before=("sending",)) is not None,
            should_stop=should_stop,
        )
    except NoLongerOurs:
        return None
    except NobodyKnows:
        return attempt.note("unknown", before=("handing_over", "unknown"))
    except NotAccepted as refusal:
        return attempt.put_off(refusal, now())
    except ValueError as error:  # a header that cannot be one: never sent, and never will be
        return attempt.note("failed", before=("sending",), fault=type(error).__name__)
    return attempt.note_surely("sent", should_stop)


def note_broken(engine: Engine, message_id: UUID, town: str) -> None:
    """A fault of ours has ended an attempt: the desk sees the message among those that failed."""
    with Session(engine) as session, session.begin():
        speak_as(session, actor="system", town=town)
        session.execute(text(_NAMED["note_broken"]), {"message_id": message_id})


class _Attempt:
    """One attempt at one message: what it writes, each in a transaction of its own."""

    def __init__(self, engine: Engine, message_id: UUID, town: str) -> None:
        self.engine, self.message_id, self.town, self.number = engine, message_id, town, 0

    def claim(self, server: MailServer | None) -> tuple[Row[Any], Town, str] | None:
        """The message with its town and link; None when it is gone, done, or was left while handed over."""
        domain = "unset.invalid" if server is None else server.sender.rpartition("@")[2]
        with Session(self.engine) as session, session.begin():
            speak_as(session, actor="system", town=self.town)
            if session.execute(text(_NAMED["give_up_handing_over"]), {"message_id": self.message_id}).all():
                _log.warning("message may have been sent", message_id=str(self.message_id))
                return None
            asked = {
                "message_id": self.message_id,
                # Without a server nothing is sent, and the name is to be the sender's.
                "internet_id": None if server is None else f"<{self.message_id}@{domain}>",
            }
            row = session.execute(text(_NAMED["claim_message"]), asked).one_or_none()
            if row is None:
                return None
            self.number = row.attempt
            return row, get_town(session, self.town), "" if server is None else _link(session, row, server)

    def note(
        self, state: str, *, before: Sequence[str], fault: str | None = None, retry_at: datetime | None = None
    ) -> str | None:
        """The new state, or None where this attempt is not the newest any more."""
        values = {
            "message_id": self.message_id, "attempt": self.number, "before": list(before), "state": state,
            "fault": None if fault is None else fault[:_LONGEST_FAULT], "next_try_at": retry_at,
        }  # fmt: skip
        with Session(self.engine) as session, session.begin():
            speak_as(session, actor="system", town=self.town)
            if session.execute(text(_NAMED["set_state"]), values).one_or_none() is None:
                return None
            if retry_at is not None:
                defer_sending(session, self.message_id, self.town, not_before=retry_at)
        return state

    def note_surely(self, state: str, should_stop: Callable[[], bool]) -> str | None:
        """The same for what is known and must not be forgotten because the database is away for a moment.

        Also where somebody has taken this worker for dead meanwhile: what the mail server has, it has.
        """
        for _ in range(_TRIES_TO_NOTE):
            try:
                return self.note(state, before=("handing_over", "unknown"))
            except OperationalError:
                if should_stop():
                    raise
                time.sleep(1)
        return self.note(state, before=("handing_over", "unknown"))

    def put_off(self, refusal: NotAccepted, at: datetime) -> str | None:
        """Another try later, or none: after a refusal for good and after the last try."""
        again = refusal.passing and self.number <= len(_WAITS)
        _log.warning(
            "message not accepted", message_id=str(self.message_id), kind=refusal.kind, passing=again
        )
        return self.note(
            "waiting" if again else "failed",
            before=("sending", "handing_over"),
            fault=refusal.said,
            retry_at=at + _WAITS[self.number - 1] if again else None,
        )


def build_mail(row: Row[Any], town: Town, link: str, server: MailServer) -> EmailMessage:
    """The mail of a claimed message. Raises ValueError for a header that is more than one line."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = town.settings.mail.sender or server.sender
    mail["To"] = row.recipient
    mail["Subject"] = row.subject
    mail["Date"] = format_datetime(row.posted_at)
    mail["Message-ID"] = row.internet_id
    if town.settings.mail.office and row.kind not in _TO_OFFICE:
        mail["Reply-To"] = town.settings.mail.office
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no answer of an absence assistant
    mail.set_content(row.body.replace(LINK, link), cte="quoted-printable")
    mail["Content-Language"] = row.language  # only now: what describes the content goes with the old one
    return mail


def _link(session: Session, row: Row[Any], server: MailServer) -> str:
    """Where the reader goes on; with a token for whoever has no sign-in."""
    if row.kind == "consultation_asked":
        asked = {"consultation_id": row.consultation_id}
        token = session.execute(text(_NAMED["consultation_link_token"]), asked).scalar_one()
        return f"{server.base_url}/consultations/{row.consultation_id}?token={token}"
    if row.told_town is not None:
        return f"{server.base_url}/towns/{get_town(session, row.told_town).slug}/desk/conflicts"
    reference = quote(row.reference or str(row.permit_id), safe="")
    if row.kind in _TO_OFFICE:
        slug = get_town(session, row.town).slug
        return f"{server.base_url}/towns/{slug}/desk/cases/{reference}"
    token = session.execute(text(_NAMED["case_link_token"]), {"permit_id": row.permit_id}).scalar_one()
    return f"{server.base_url}/permits/{reference}?token={token}"
