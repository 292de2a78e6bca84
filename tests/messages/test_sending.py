"""Nothing is sent twice, nothing is lost: real mail server, real queue, workers that are killed."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from geo_service.db.database import owner_session
from geo_service.messages.send import send_message
from geo_service.worker.run import worker_beside
from tests.conftest import ROOT
from tests.messages.conftest import Post, address, free_port, messages_of, states, wait_over, work
from tests.permits.conftest import APPLICANT, BENSHEIM, Desk


def now() -> datetime:
    return datetime.now(UTC)


def resend(desk: Desk, receipt: dict[str, Any]) -> None:
    (message,) = messages_of(desk, receipt)
    path = f"/api/v1/permits/{receipt['reference']}/messages/{message['id']}/resend"
    assert desk.client.post(path, headers=desk.key()).status_code == 200


def test_a_receipt_arrives_once_and_its_link_opens_the_case(desk: Desk, post: Post) -> None:
    receipt = desk.file(purpose="Geheim", applicant={**APPLICANT, "name": "Müller & Söhne"})
    work(desk, post.server)
    work(desk, post.server)
    (mail,), (envelope,) = post.mails, post.envelopes
    assert (envelope.mail_from, envelope.rcpt_tos) == ("dienst@kreis.example", ["erika@example.org"])
    assert mail["Subject"] == f"Ihr Antrag {receipt['reference']} ist eingegangen"
    assert (mail["To"], mail["Reply-To"], mail["Auto-Submitted"]) == (
        "erika@example.org", "strassenraum@bensheim.example", "auto-generated",
    )  # fmt: skip
    assert mail["Content-Language"] == "de"
    assert re.fullmatch(r"<[0-9a-f-]{36}@kreis\.example>", mail["Message-ID"])
    words = mail.get_content()
    assert "Gerüst" in words and "Geheim" not in words and "Müller" not in words
    (token,) = re.findall(
        rf"https://strassen\.example\.org/amt/permits/{receipt['reference']}\?token=(\S+)", words
    )
    path = f"/api/v1/permits/{receipt['reference']}"
    assert desk.client.get(path, params={"token": token}).status_code == 200
    (message,) = messages_of(desk, receipt)
    assert (message["state"], message["attempts"], message["fault"]) == ("sent", 1, None)
    with owner_session(desk.database) as owner:  # the owner is under row-level security, too
        owner.execute(text(f"SELECT set_config('app.town', '{BENSHEIM}', true)"))
        assert token not in str(owner.execute(text("SELECT message::text FROM message")).scalars().all())
        assert "erika" not in str(
            owner.execute(text("SELECT args::text FROM procrastinate_jobs")).scalars().all()
        )


def test_a_server_that_is_down_is_asked_again(desk: Desk, open_post: Callable[..., Post]) -> None:
    port = free_port()
    receipt = desk.file()
    work(desk, address(port))
    (message,) = messages_of(desk, receipt)
    assert (message["state"], message["attempts"]) == ("waiting", 1)
    assert "ConnectionRefusedError" in message["fault"]
    assert message["next_try_at"] is not None
    post = open_post(port)
    work(desk, post.server)
    assert post.mails == []  # it is not time yet
    wait_over(desk.database)
    work(desk, post.server)
    assert len(post.mails) == 1 and states(desk, receipt) == [("receipt", "sent")]


@pytest.mark.parametrize("place", ["rcpt", "data"])
def test_a_passing_refusal_is_tried_again(desk: Desk, open_post: Callable[..., Post], place: str) -> None:
    post = open_post(**{place: ["451 greylisted", "452 full"]})
    receipt = desk.file()
    for state in ("waiting", "waiting", "sent"):
        work(desk, post.server)
        assert states(desk, receipt) == [("receipt", state)]
        wait_over(desk.database)
    assert len(post.mails) == 1 and messages_of(desk, receipt)[0]["attempts"] == 3


@pytest.mark.parametrize("place", ["rcpt", "data"])
def test_a_refusal_for_good_is_shown_and_can_be_sent_again(
    desk: Desk, open_post: Callable[..., Post], place: str
) -> None:
    post = open_post(**{place: ["550 <erika@example.org> unknown"]})
    receipt = desk.file()
    work(desk, post.server)
    wait_over(desk.database)
    work(desk, post.server)
    (message,) = messages_of(desk, receipt)
    assert (message["state"], message["attempts"]) == ("failed", 1) and "unknown" in message["fault"]
    assert "nicht zugestellt sind: 1" in desk.client.get("/towns/bensheim/desk", headers=desk.key()).text
    page = desk.client.get("/towns/bensheim/desk/messages?view=trouble", headers=desk.key()).text
    assert receipt["reference"] in page and 'data-state="failed"' in page and "550" in page
    case = f"/towns/bensheim/desk/cases/{receipt['reference']}"
    again = desk.client.post(f"{case}/messages", data={"message_id": message["id"]}, headers=desk.key())
    assert again.status_code == 200
    work(desk, post.server)
    assert len(post.mails) == 1 and states(desk, receipt) == [("receipt", "sent")]


def test_after_the_last_try_a_person_has_to_look(desk: Desk) -> None:
    receipt = desk.file()
    server = address(free_port())
    for _ in range(20):
        work(desk, server)
        wait_over(desk.database)
    (message,) = messages_of(desk, receipt)
    assert (message["state"], message["attempts"], message["next_try_at"]) == ("failed", 13, None)


def test_without_a_mail_server_nothing_fails_and_nothing_piles_up(desk: Desk, post: Post) -> None:
    receipt = desk.file()
    work(desk, None)
    assert states(desk, receipt) == [("receipt", "not_configured")]
    assert "nicht zugestellt sind" not in desk.client.get("/towns/bensheim/desk", headers=desk.key()).text
    page = desk.client.get(f"/towns/bensheim/desk/cases/{receipt['reference']}", headers=desk.key()).text
    assert "kein Mailserver eingerichtet" in page and "[persönlicher Link zum Vorgang]" in page
    work(desk, post.server)
    assert post.mails == []
    resend(desk, receipt)
    work(desk, post.server)
    assert len(post.mails) == 1


def test_two_workers_send_each_message_once(desk: Desk, post: Post) -> None:
    receipts = [desk.file(20 * i) for i in range(8)]
    workers = [threading.Thread(target=work, args=(desk, post.server)) for _ in range(2)]
    for each in workers:
        each.start()
    for each in workers:
        each.join()
    assert len(post.mails) == len({mail["Message-ID"] for mail in post.mails}) == 8
    assert {state for receipt in receipts for _, state in states(desk, receipt)} == {"sent"}


WORKER = """
import sys
from geo_service.db.database import Database
from geo_service.jobs.queue import MAIL
from geo_service.logs import configure_logs
from geo_service.messages import send
from geo_service.worker.run import work_until_empty
from tests.conftest import ROOT
from tests.messages.conftest import address
owner, app, role, port, fault = sys.argv[1:]
configure_logs()
if fault:
    def broken(*_):
        raise KeyError(fault)
    send.build_mail = broken
work_until_empty(Database(owner=owner, app=app, app_role=role or None), queue=MAIL, server=address(int(port)))
"""


def worker_process(desk: Desk, post: Post, fault: str = "") -> subprocess.Popen[str]:
    """A worker in a process of its own. fault: the message of an error that building a mail raises."""
    data = desk.database
    assert post.server is not None
    arguments = [data.owner, data.app, data.app_role or "", str(post.server.port), fault]
    return subprocess.Popen(
        [sys.executable, "-c", WORKER, *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)}, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def killed_worker(desk: Desk, post: Post) -> None:
    """A worker of its own process, killed at the moment at which the mail server is asked."""
    process = worker_process(desk, post)
    try:
        assert post.seen.wait(60)
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()
    with owner_session(desk.database) as owner:  # as half a minute later
        owner.execute(text("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 minute'"))


def next_worker(desk: Desk, post: Post, receipt: dict[str, Any], state: str) -> None:
    """The worker that is started again, until the message is where it belongs."""
    with worker_beside(desk.database, server=post.server):
        end = time.monotonic() + 60
        while states(desk, receipt) != [("receipt", state)] and time.monotonic() < end:
            time.sleep(0.1)
    assert states(desk, receipt) == [("receipt", state)]


def test_a_worker_killed_before_the_end_of_the_message_sends_once(
    desk: Desk, open_post: Callable[..., Post]
) -> None:
    post = open_post(gate_rcpt=threading.Event())
    receipt = desk.file()
    killed_worker(desk, post)
    assert states(desk, receipt) == [("receipt", "sending")]
    assert post.gate_rcpt is not None
    post.gate_rcpt.set()
    next_worker(desk, post, receipt, "sent")
    assert len(post.mails) == 1


def test_a_worker_killed_while_the_server_takes_over_sends_no_second(
    desk: Desk, open_post: Callable[..., Post]
) -> None:
    """Nobody can know whether the server had it; it did. The desk is told, and only its button sends again."""
    post = open_post(gate_data=threading.Event())
    receipt = desk.file()
    killed_worker(desk, post)
    assert states(desk, receipt) == [("receipt", "handing_over")]
    assert post.gate_data is not None
    post.gate_data.set()
    next_worker(desk, post, receipt, "unknown")
    assert len(post.mails) == 1
    assert (
        "vielleicht gesendet"
        in desk.client.get(f"/towns/bensheim/desk/cases/{receipt['reference']}", headers=desk.key()).text
    )
    resend(desk, receipt)
    work(desk, post.server)
    first, second = post.mails
    assert first["Message-ID"] == second["Message-ID"]  # for whoever sorts out doubles


def test_a_worker_taken_for_dead_does_not_send(desk: Desk, open_post: Callable[..., Post]) -> None:
    slow, quick = open_post(gate_rcpt=threading.Event()), open_post()
    receipt = desk.file()
    (message,) = messages_of(desk, receipt)
    engine = desk.app.state.engine
    outcome: list[str | None] = []

    def attempt(server: Any) -> str | None:
        return send_message(engine, UUID(message["id"]), BENSHEIM, server, now=now)

    frozen = threading.Thread(target=lambda: outcome.append(attempt(slow.server)))
    frozen.start()
    assert slow.seen.wait(30)
    assert attempt(quick.server) == "sent"
    assert slow.gate_rcpt is not None
    slow.gate_rcpt.set()
    frozen.join()
    assert outcome == [None] and slow.mails == [] and len(quick.mails) == 1
    assert states(desk, receipt) == [("receipt", "sent")]


def test_what_is_on_its_way_is_not_sent_again(desk: Desk) -> None:
    receipt, other = desk.file(), desk.file(50)
    (message,) = messages_of(desk, receipt)
    path = f"/api/v1/permits/{receipt['reference']}/messages"
    assert desk.client.post(f"{path}/{message['id']}/resend", headers=desk.key()).status_code == 409
    foreign = messages_of(desk, other)[0]["id"]
    assert desk.client.post(f"{path}/{foreign}/resend", headers=desk.key()).status_code == 404
    assert desk.client.post(f"{path}/nonsense/resend", headers=desk.key()).status_code == 422


@pytest.mark.parametrize("fault", ["", "Erika Mustermann erika@example.org"])
def test_the_log_names_nobody(desk: Desk, open_post: Callable[..., Post], fault: str) -> None:
    """Neither when the server names the recipient nor when a fault of ours does; that one is shown as failed."""
    post = open_post(rcpt=["450 <erika@example.org> later", "550 <erika@example.org> unknown"])
    receipts = [desk.file(), desk.file(50)]
    process = worker_process(desk, post, fault)
    _, logged = process.communicate(timeout=60)
    assert ("KeyError" if fault else "message not accepted") in logged
    told = [receipts[0]["token"], receipts[1]["token"], "erika", "mustermann", receipts[0]["reference"]]
    assert [word for word in told if word.lower() in logged.lower()] == []
    found = {state for receipt in receipts for _, state in states(desk, receipt)}
    assert found == ({"failed"} if fault else {"waiting", "failed"})
