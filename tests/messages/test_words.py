"""Who is told what, in which language; what never gets into a mail; who sees messages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from geo_service.commands.towns import add_town
from geo_service.db.database import speak_as
from geo_service.errors import BadTownFolder, SetupError
from geo_service.messages.mail_server import mail_server
from geo_service.messages.outbox import forget_messages
from geo_service.messages.wording import LINK, one_line, word_message
from geo_service.permits.remind import remind
from geo_service.settings import Settings
from geo_service.towns.folder import read_town_folder
from geo_service.towns.mail_address import is_address
from geo_service.towns.message_texts import KINDS, LANGUAGES, fault_of
from geo_service.towns.town import get_town
from tests.conftest import ROOT
from tests.messages.conftest import Post, messages_of, states, work
from tests.permits.conftest import APPLICANT, BENSHEIM, VIERNHEIM, Desk
from tests.permits.life import of_case
from tests.permits.test_consultations import ask, reply
from tests.permits.test_tenancy import OWN, STRANGERS, count, spoken


def test_every_step_tells_whom_it_concerns(desk: Desk, post: Post) -> None:
    receipt = desk.file()
    case, own = receipt["reference"], {"X-Permit-Token": receipt["token"]}
    desk.move(case, "in_review")
    desk.move(case, "more_information_needed", reason="Bitte einen Plan.")
    desk.move(case, "in_review", own, reason="Plan liegt bei.")
    asked = ask(desk, receipt, asked_town=VIERNHEIM, office=None).json()
    reply(desk, asked, verdict="conditions", answer="Nur nachts.")
    assert desk.move(case, "granted").status_code == 200
    desk.move(case, "revoked", reason="Gefahr im Verzug")
    kinds = [
        "receipt",
        "question",
        "answer_received",
        "consultation_asked",
        "consultation_answered",
        "granted",
        "revoked",
    ]
    assert [kind for kind, _ in states(desk, receipt)] == kinds
    work(desk, post.server)
    sent = {mail["Subject"]: mail for mail in post.mails}
    assert len(sent) == 7
    office, neighbour = "strassenraum@bensheim.example", "strassenraum@viernheim.example"
    assert [mail["To"] for mail in sent.values()].count(office) == 2
    question = sent[f"Rückfrage zu Ihrem Antrag {case}"].get_content()
    assert "Bitte einen Plan." in question and "?token=" in question
    answered = sent[f"{case}: Angaben ergänzt"].get_content()
    assert (
        "Plan liegt bei." in answered
        and f"/towns/bensheim/desk/cases/{case}" in answered
        and "token" not in answered
    )
    consulted = sent[f"Bitte um Stellungnahme zu {case}"]
    assert consulted["To"] == neighbour and f"/consultations/{asked['id']}?token=" in consulted.get_content()
    assert "Mustermann" not in consulted.get_content() and "Fassade" not in consulted.get_content()
    assert "mit Auflagen" in sent[f"{case}: Stellungnahme eingegangen"].get_content()
    notice = desk.client.get(f"/api/v1/permits/{case}/fee-notice", headers=desk.key()).json()
    granted = sent[f"Ihr Antrag {case} ist erlaubt"].get_content()
    assert f"Kassenzeichen {notice['cash_reference']}" in granted and "67,20 €" in granted
    assert "Beispieltarif" in granted
    assert "Gefahr im Verzug" in sent[f"Ihre Erlaubnis {case} ist widerrufen"].get_content()


def test_an_office_is_written_to_where_the_clerk_gives_an_address(desk: Desk) -> None:
    receipt = desk.file()
    desk.move(receipt["reference"], "in_review")
    assert ask(desk, receipt, email="a@b.example\r\nBcc: x@y.example").status_code == 422
    ask(desk, receipt)
    assert len(states(desk, receipt)) == 1  # without an address the clerk passes the link on
    ask(desk, receipt, office="Feuerwehr", email="wache@feuerwehr.example")
    assert [one["recipient"] for one in messages_of(desk, receipt)][1:] == ["wache@feuerwehr.example"]
    form = {"question": "Frage", "office": "Amt", "email": "keine Adresse"}
    path = f"/towns/bensheim/desk/cases/{receipt['reference']}/consultations"
    assert desk.client.post(path, data=form, headers=desk.key()).status_code == 422


def test_an_english_case_is_told_in_english(desk: Desk, post: Post) -> None:
    receipt = desk.file(language="en")
    desk.move(receipt["reference"], "in_review")
    desk.move(receipt["reference"], "granted")
    work(desk, post.server)
    subjects = [mail["Subject"] for mail in post.mails]
    assert sorted(subjects) == [
        f"Your request {receipt['reference']} has arrived", f"Your request {receipt['reference']} is granted",
    ]  # fmt: skip
    assert "Fee: 67.20 €" in "".join(mail.get_content() for mail in post.mails)


def test_who_has_no_address_is_not_written_to(desk: Desk) -> None:
    receipt = desk.file(applicant={"name": "Erika", "phone": "1"})
    assert desk.grant(receipt).status_code == 200
    assert messages_of(desk, receipt) == []
    draft = desk.client.post("/api/v1/permits", json=desk.body(50, status="draft")).json()
    with spoken(desk, OWN) as session:
        asked = {"id": draft["permit_id"]}
        assert (
            session.execute(text("SELECT count(*) FROM message WHERE permit_id = :id"), asked).scalar_one()
            == 0
        )


def test_a_draft_has_its_receipt_when_it_is_submitted(desk: Desk) -> None:
    draft = desk.client.post("/api/v1/permits", json=desk.body(status="draft")).json()
    path = f"/api/v1/permits/{draft['permit_id']}/transitions"
    done = desk.client.post(path, json={"to": "submitted"}, headers={"X-Permit-Token": draft["token"]})
    assert done.status_code == 200
    assert [kind for kind, _ in states(desk, done.json()["properties"])] == ["receipt"]


def test_a_step_that_is_refused_says_nothing(desk: Desk) -> None:
    receipt = desk.file()
    desk.move(receipt["reference"], "in_review")
    assert desk.move(receipt["reference"], "rejected").status_code == 422
    assert desk.move(receipt["reference"], "active").status_code in (403, 409)
    assert [kind for kind, _ in states(desk, receipt)] == ["receipt"]


def test_a_reminder_once_for_each_deadline(desk: Desk) -> None:
    receipt = desk.file()
    desk.move(receipt["reference"], "in_review")
    desk.move(receipt["reference"], "more_information_needed", reason="Plan?")
    due = datetime.fromisoformat(of_case(desk, receipt["reference"])["due_on"]).replace(hour=9, tzinfo=UTC)
    engine = desk.app.state.engine
    for days_before, number in ((8, 0), (1, 1), (0, 1)):
        remind(engine, now=lambda days=days_before: due - timedelta(days=days))  # type: ignore[misc]
        kinds = [kind for kind, _ in states(desk, receipt)]
        assert kinds.count("reminder") == number, days_before
    assert "Bitte antworten Sie bis" in messages_of(desk, receipt)[-1]["text"]
    desk.move(receipt["reference"], "in_review")
    desk.move(receipt["reference"], "more_information_needed", reason="Noch etwas?")
    remind(engine, now=lambda: due - timedelta(days=1))
    assert [kind for kind, _ in states(desk, receipt)].count("reminder") == 1  # the same day: said already


def test_more_than_one_line_in_a_heading_is_refused(desk: Desk) -> None:
    bad = [
        {"email": "erika@example.org\r\nBcc: alle@example.org"},
        {"email": "erika@example.org\nX: y"},
        {"email": "erika@example.org,alle@example.org"},
        {"email": "Erika <erika@example.org>"},
        {"email": "erika@localhost"},
        {"email": "erika..m@example.org"},
        {"email": "erika@exam ple.org"},
        {"email": "a" * 65 + "@example.org"},
        {"name": "Erika\r\nBcc: alle@example.org"},
        {"name": "Erika\nMustermann"},
    ]
    for applicant in bad:
        answer = desk.client.post("/api/v1/permits", json=desk.body(applicant={**APPLICANT, **applicant}))
        assert answer.status_code == 422, applicant
        assert answer.json()["errors"][0]["pointer"] == f"/properties/applicant/{next(iter(applicant))}"
    with spoken(desk, OWN) as session:
        assert count(session, "message") == count(session, "permit") == 0


@pytest.mark.parametrize(
    "good", ["a@b.de", "vor.nach+x@sub.domain-x.example", "o'neil@example.org", "x_1@example.co"]
)
def test_addresses(good: str) -> None:
    assert is_address(good) and not is_address(good + "\n") and not is_address(" " + good)
    assert not is_address(good.replace("@", "")) and not is_address(f"{good}@x.de")


def test_the_database_takes_no_second_line(desk: Desk) -> None:
    desk.file()
    for column in ("recipient", "subject"):
        with spoken(desk, OWN) as session, pytest.raises(DatabaseError, match="message_one_line"):
            session.execute(text(f"UPDATE message SET {column} = E'a@b.de\\nBcc: c@d.de'"))


def test_nobody_else_sees_or_changes_a_message(desk: Desk) -> None:
    receipt = desk.file()
    with spoken(desk, OWN) as session:
        assert count(session, "message") == 1
    mine = {"actor": "applicant", "case": receipt["permit_id"]}
    for who in [*STRANGERS, mine]:
        with spoken(desk, who) as session:
            assert count(session, "message") == (1 if who is mine else 0)
            assert session.execute(text("UPDATE message SET state = 'sent'")).rowcount == 0  # type: ignore[attr-defined]
    stolen = (
        "INSERT INTO message (message_id, town, permit_id, kind, language, recipient, subject, body, posted_at)"
        f" VALUES (gen_random_uuid(), '{BENSHEIM}', '{receipt['permit_id']}', 'receipt', 'de', 'a@b.de', 's', 'b', now())"
    )
    for who in STRANGERS:
        with spoken(desk, who) as session, pytest.raises(DatabaseError, match="row-level security"):
            session.execute(text(stolen))
    path = f"/api/v1/permits/{receipt['reference']}/messages"
    assert desk.client.get(path, headers={"X-Permit-Token": receipt["token"]}).status_code == 403
    assert desk.client.get(path).status_code == 404
    assert desk.client.get(path, headers=desk.key(town=VIERNHEIM)).status_code == 404
    assert (
        receipt["reference"]
        not in desk.client.get("/towns/viernheim/desk/messages", headers=desk.key(town=VIERNHEIM)).text
    )
    assert (
        desk.client.get("/towns/bensheim/desk/messages", headers=desk.key(town=VIERNHEIM)).status_code == 403
    )


def test_an_applicant_reads_what_was_written_to_them_only(desk: Desk) -> None:
    receipt = desk.file()
    with spoken(desk, OWN) as session:
        for kind in ("question", "answer_received", "consultation_asked", "consultation_answered"):
            session.execute(
                text(
                    "INSERT INTO message (message_id, town, permit_id, kind, language, recipient, subject, body, posted_at)"
                    f" VALUES (gen_random_uuid(), '{BENSHEIM}', '{receipt['permit_id']}', '{kind}', 'de', 'a@b.de', 's', 'b', now())"
                )
            )
        session.commit()
    with spoken(desk, {"actor": "applicant", "case": receipt["permit_id"]}) as session:
        kinds = session.execute(text("SELECT kind FROM message ORDER BY kind")).scalars().all()
    assert kinds == ["question", "receipt"]


def test_nothing_of_a_person_is_left_when_messages_are_forgotten(desk: Desk, post: Post) -> None:
    receipt = desk.file()
    work(desk, post.server)
    with Session(desk.app.state.engine) as session, session.begin():
        speak_as(session, **OWN)
        forget_messages(session, receipt["permit_id"])
    (message,) = messages_of(desk, receipt)
    assert (message["state"], message["recipient"], message["subject"], message["text"]) == (
        "sent",
        "",
        "",
        "",
    )


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_text_is_one(kind: str, language: str) -> None:
    written = (ROOT / "geo_service" / "messages" / "texts" / language / f"{kind}.txt").read_text(
        encoding="utf-8"
    )
    assert fault_of(written) is None and "${link}" in written


def test_what_people_write_fills_one_place_only(desk: Desk) -> None:
    with Session(desk.app.state.engine) as session:
        town = get_town(session, "bensheim")
    typed = {
        "reference": "BEN-1\r\nBcc: x@y.de",
        "words": f"${{link}} $use {LINK} $5\n\n\n\n.\nEnde",
        "due": "x",
    }
    worded = word_message(town, "question", "de", typed)
    assert worded.subject == "Rückfrage zu Ihrem Antrag BEN-1 Bcc: x@y.de"
    assert worded.body.count(LINK) == 1 and "${link} $use  $5\n\n.\nEnde" in worded.body
    assert one_line("a\u2028b\x00c\td") == "a bc d"


def folder(tmp_path: Path, more: str) -> Path:
    source, copied = ROOT / "data" / "towns" / "bensheim", tmp_path / "bensheim"
    copied.mkdir(exist_ok=True)
    for file in source.iterdir():
        (copied / file.name).write_bytes(file.read_bytes())
    written = (copied / "town.toml").read_text(encoding="utf-8")
    (copied / "town.toml").write_text(written + more, encoding="utf-8")
    return copied


def test_a_town_writes_in_its_own_words(desk: Desk, post: Post, tmp_path: Path) -> None:
    words = "\n[messages.de]\nreceipt = '''Eingang ${reference} in ${town}\n\nMoin, hier lang: ${link}'''\n"
    add_town(desk.database, folder(tmp_path, words))
    receipt = desk.file()
    work(desk, post.server)
    (mail,) = post.mails
    assert mail["Subject"] == f"Eingang {receipt['reference']} in Bensheim"
    assert mail.get_content().startswith("Moin, hier lang: https://")


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ("\n[messages.de]\nreceipt = 'Eine Zeile'\n", "an empty line"),
        ("\n[messages.de]\nrecept = 'a'\n", "no message 'recept'"),
        ("\n[messages.fr]\nreceipt = 'a'\n", "languages"),
        ("\n[messages.de]\nreceipt = '''A\n\n${name}'''\n", "no place 'name'"),
        ("\n[messages.de]\nreceipt = '''${words}\n\nb'''\n", "cannot stand in the subject"),
    ],
)
def test_a_faulty_text_is_refused_with_its_place(tmp_path: Path, more: str, fault: str) -> None:
    with pytest.raises(BadTownFolder, match=fault) as refused:
        read_town_folder(folder(tmp_path, more))
    assert "town.toml" in str(refused.value)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('check = "luhn"', 'check = "crc"'),
        ("{number:6}", "{nummer}"),
        ("payment_days = 14", "payment_days = -1"),
        ("strassenraum@bensheim.example", "kein Postfach"),
    ],
)
def test_faulty_settings_of_fees_and_mail_are_refused(tmp_path: Path, before: str, after: str) -> None:
    copied = folder(tmp_path, "")
    written = (copied / "town.toml").read_text(encoding="utf-8")
    assert before in written
    (copied / "town.toml").write_text(written.replace(before, after), encoding="utf-8")
    with pytest.raises(BadTownFolder, match=r"town\.toml:\d+"):
        read_town_folder(copied)


@pytest.mark.parametrize(
    ("address", "sender", "fault"),
    [
        ("http://mail.example.org", "a@b.de", "SMTP_URL"),
        ("smtp://", "a@b.de", "SMTP_URL"),
        ("smtp://mail.example.org:99999", "a@b.de", "SMTP_URL"),
        ("smtp://user:secret@mail.example.org", "a@b.de", "password"),
        ("smtps://user:secret@mail.example.org", None, "MAIL_FROM"),
        ("smtps://user:secret@mail.example.org", "a@b.de\nBcc: c@d.de", "MAIL_FROM"),
    ],
)
def test_a_faulty_mail_server_is_refused_at_the_start(address: str, sender: str | None, fault: str) -> None:
    settings = Settings(_env_file=None, smtp_url=address, mail_from=sender)
    with pytest.raises(SetupError, match=fault) as refused:
        mail_server(settings)
    assert "secret" not in str(refused.value) and "secret" not in repr(settings)


def test_the_address_of_a_mail_server() -> None:
    settings = Settings(
        _env_file=None, smtp_url="smtp+starttls://amt%40kreis:p%3Aw@mail.example.org", mail_from="a@b.de",
        public_url="https://x.de/amt/",
    )  # fmt: skip
    found = mail_server(settings)
    assert found is not None
    assert (found.host, found.port, found.security, found.user, found.password, found.base_url) == (
        "mail.example.org", 587, "starttls", "amt@kreis", "p:w", "https://x.de/amt",
    )  # fmt: skip
    assert "p:w" not in repr(found)
    assert mail_server(Settings(_env_file=None)) is None
