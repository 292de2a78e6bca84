"""A real mail server (aiosmtpd) on a free port, which can be told what to answer and when."""

from __future__ import annotations

import asyncio
import email
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy import text

from geo_service.db.database import Database, owner_session
from geo_service.jobs.queue import MAIL
from geo_service.messages.mail_server import MailServer
from geo_service.worker.run import work_until_empty
from tests.permits.conftest import Desk, desk, open_desk

__all__ = ["desk", "open_desk"]


@dataclass
class Post:
    """What a mail server got. rcpt, data: its answers, one for each time, then 250. gate: holds an answer back."""

    rcpt: list[str] = field(default_factory=list)
    data: list[str] = field(default_factory=list)
    gate_rcpt: threading.Event | None = None
    gate_data: threading.Event | None = None
    seen: threading.Event = field(default_factory=threading.Event)
    envelopes: list[Envelope] = field(default_factory=list)
    server: MailServer | None = None

    async def handle_RCPT(self, _: SMTP, __: Session, envelope: Envelope, address: str, ___: Any) -> str:
        if self.gate_rcpt is not None:
            self.seen.set()
            await _wait(self.gate_rcpt)
        answer = self.rcpt.pop(0) if self.rcpt else "250 OK"
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, _: SMTP, __: Session, envelope: Envelope) -> str:
        answer = self.data.pop(0) if self.data else "250 OK"
        if answer.startswith("250"):
            self.envelopes.append(envelope)
        if self.gate_data is not None:
            self.seen.set()
            await _wait(self.gate_data)
        return answer

    @property
    def mails(self) -> list[EmailMessage]:
        return [email.message_from_bytes(each.content, policy=default) for each in self.envelopes]  # type: ignore[arg-type,misc]


async def _wait(gate: threading.Event) -> None:
    while not gate.is_set():
        await asyncio.sleep(0.02)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def address(port: int) -> MailServer:
    return MailServer(
        host="127.0.0.1", port=port, security="none", sender="dienst@kreis.example",
        base_url="https://strassen.example.org/amt", step_timeout_s=5,
    )  # fmt: skip


@pytest.fixture
def open_post() -> Iterator[Callable[..., Post]]:
    """Starts mail servers; given a port, on that."""
    running: list[Controller] = []

    def start(port: int | None = None, **settings: Any) -> Post:
        post = Post(**settings)
        chosen = port or free_port()
        controller = Controller(post, hostname="127.0.0.1", port=chosen)
        controller.start()
        running.append(controller)
        post.server = address(chosen)
        return post

    yield start
    for controller in running:
        controller.stop(no_assert=True)


@pytest.fixture
def post(open_post: Callable[..., Post]) -> Post:
    """A mail server that takes everything."""
    return open_post()


def work(desk: Desk, server: MailServer | None) -> None:
    """Work off the mail queue, once."""
    work_until_empty(desk.database, queue=MAIL, server=server)


def wait_over(database: Database) -> None:
    """As if the time until the next attempt had passed."""
    with owner_session(database) as owner:
        owner.execute(text("UPDATE procrastinate_jobs SET scheduled_at = now() WHERE status = 'todo'"))


def messages_of(
    desk: Desk, receipt: dict[str, Any], key: dict[str, str] | None = None
) -> list[dict[str, Any]]:
    """The messages of a case as its desk reads them."""
    answer = desk.client.get(f"/api/v1/permits/{receipt['reference']}/messages", headers=key or desk.key())
    assert answer.status_code == 200, answer.text
    return list(answer.json()["messages"])


def states(desk: Desk, receipt: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["kind"], one["state"]) for one in messages_of(desk, receipt)]
