"""Posting a message: a row and its job, in the transaction of the step that says something."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from geo_service.db.keyset import read_cursor, write_cursor
from geo_service.errors import NotFound, Rejected
from geo_service.jobs.queue import MAIL, SEND_MESSAGE, defer
from geo_service.messages.wording import Language, word_message
from geo_service.sql.loader import statements, text
from geo_service.towns.mail_address import is_address
from geo_service.towns.message_texts import MessageKind
from geo_service.towns.town import Town

_NAMED = statements("messages")
PAGE = 50


class NoSuchMessage(NotFound):
    """There is no such message about this."""


class OnItsWay(Rejected):
    """The message is on its way; it can be sent again once that is over."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OnMap:
    """What a message can be about that is no case: a site, an event, a blackout … by collection and id."""

    collection: str
    object_id: UUID


@dataclass(frozen=True, kw_only=True, slots=True)
class Letter:
    """What to say to whom, about a case (permit_id) or something else that a desk keeps (on_map).

    places: values for the text. consultation_id: what the link opens, not the case. told_town: AGS of the
    neighbour whose desk the link opens. once: at most one with this mark for what it is about and the kind;
    said_by: nor where one with such a mark is there.
    """

    kind: MessageKind
    permit_id: UUID | None = None
    on_map: OnMap | None = None
    recipient: str | None
    language: Language = "de"
    places: Mapping[str, str] = field(default_factory=dict)
    consultation_id: UUID | None = None
    told_town: str | None = None
    once: str | None = None
    said_by: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if (self.permit_id is None) == (self.on_map is None):
            raise ValueError("A message is about a case or about something of the map.")

    @property
    def about(self) -> UUID | None:
        """The id of the case or object."""
        return self.permit_id if self.on_map is None else self.on_map.object_id


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """A message as the desk sees it. body: LINK stands for the address with its token."""

    message_id: UUID
    kind: MessageKind
    language: str
    recipient: str
    subject: str
    body: str
    state: str
    attempt: int
    fault: str | None
    posted_at: datetime
    next_try_at: datetime | None
    changed_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class ListedMessage:
    """One line of the desk's list, with the reference of its case, or what it is about instead."""

    message_id: UUID
    reference: str | None
    collection: str | None
    object_id: UUID | None
    kind: MessageKind
    recipient: str
    subject: str
    state: str
    attempt: int
    fault: str | None
    posted_at: datetime
    next_try_at: datetime | None
    changed_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class MessagePage:
    """`cursor` opens the next page; None on the last one."""

    messages: tuple[ListedMessage, ...]
    cursor: str | None


def post(session: Session, town: Town, letter: Letter, *, as_of: datetime) -> UUID | None:
    """Have a message sent after the commit; None where nobody can be written to.

    The session speaks for the town, or for the case that is open. With `once`: for the town.
    """
    if not letter.recipient or not is_address(letter.recipient):
        return None
    if letter.once is not None:
        asked = {"about": letter.about, "kind": letter.kind, "marks": [letter.once, *letter.said_by]}
        if session.execute(text(_NAMED["find_posted"]), asked).one_or_none():
            return None
    worded = word_message(town, letter.kind, letter.language, letter.places)
    message_id = uuid4()
    on_map = letter.on_map
    row = {
        "message_id": message_id, "town": town.ags, "permit_id": letter.permit_id,
        "collection": None if on_map is None else on_map.collection,
        "object_id": None if on_map is None else on_map.object_id,
        "consultation_id": letter.consultation_id, "told_town": letter.told_town, "kind": letter.kind,
        "language": letter.language,
        "once": letter.once, "recipient": letter.recipient, "subject": worded.subject, "body": worded.body,
        "posted_at": as_of,
    }  # fmt: skip
    session.execute(text(_NAMED["post_message"]), row)
    defer_sending(session, message_id, town.ags)
    return message_id


def defer_sending(
    session: Session, message_id: UUID, town: str, *, not_before: datetime | None = None
) -> None:
    """Put the job of a message into the queue; one worker at a time is at it."""
    mark = str(message_id)
    defer(session, SEND_MESSAGE, lock=mark, queue=MAIL, not_before=not_before, message_id=mark, town=town)


def resend(session: Session, town: str, about: UUID, message_id: UUID) -> None:
    """Have a message about a case or object sent once more, for the desk that speaks.

    Raises NoSuchMessage or OnItsWay.
    """
    asked = {"message_id": message_id, "about": about}
    if session.execute(text(_NAMED["resend_message"]), asked).one_or_none() is None:
        known = {message.message_id for message in list_messages_about(session, about)}
        raise OnItsWay() if message_id in known else NoSuchMessage()
    defer_sending(session, message_id, town)


def list_messages_about(session: Session, about: UUID) -> list[Message]:
    """Those about a case or object (its id), oldest first, as row-level security shows them."""
    rows = session.execute(text(_NAMED["messages_about"]), {"about": about}).mappings()
    return [Message(**row) for row in rows]


def list_messages(
    session: Session, town: str, *, states: Sequence[str] = (), cursor: str | None = None
) -> MessagePage:
    """Those of a town (AGS), newest first. Raises Malformed for a broken cursor."""
    after_at, after_id = read_cursor(cursor) if cursor else (None, None)
    asked = {
        "town": town, "states": list(states) or None, "after_at": after_at, "after_id": after_id,
        "number": PAGE + 1,
    }  # fmt: skip
    found = [ListedMessage(**row) for row in session.execute(text(_NAMED["list_messages"]), asked).mappings()]
    page = tuple(found[:PAGE])
    more = len(found) > PAGE
    return MessagePage(
        messages=page, cursor=write_cursor(page[-1].posted_at, page[-1].message_id) if more else None
    )


def count_trouble(session: Session, town: str) -> int:
    """How many messages of a town (AGS) failed, or may or may not have arrived."""
    return int(session.execute(text(_NAMED["count_trouble"]), {"town": town}).scalar_one())


def forget_messages(session: Session, permit_id: UUID) -> int:
    """Take everything personal out of the messages of a case of the town that speaks; returns of how many."""
    return len(session.execute(text(_NAMED["forget_messages"]), {"permit_id": permit_id}).all())
