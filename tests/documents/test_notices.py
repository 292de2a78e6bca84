"""A notice is written at the decision and never changes; its file is drawn once, by whoever comes first."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from geo_service.db.database import owner_session
from geo_service.documents.file_store import file_store
from geo_service.worker.run import work_until_empty
from tests.documents.papers import own, papers
from tests.documents.readback import read_sheet
from tests.permits.conftest import Desk
from tests.permits.test_tenancy import OWN, spoken


@pytest.fixture
def case(desk: Desk) -> dict[str, Any]:
    """In a town that is no demo: its notices are drawn at once, by the worker."""
    with owner_session(desk.database) as owner:
        owner.execute(text("UPDATE town SET demo = false WHERE slug = 'bensheim'"))
    receipt = desk.file()
    assert desk.grant(receipt).status_code == 200
    return receipt


def made(desk: Desk) -> list[Any]:
    with spoken(desk, OWN) as session:
        return list(session.execute(text("SELECT * FROM case_notice ORDER BY decided_at")))


def files(desk: Desk) -> list[str]:
    return [path.name for path in file_store(desk.app.state.settings).root.glob("??/*")]


def test_the_worker_draws_it_after_the_decision(desk: Desk, case: dict[str, Any]) -> None:
    assert made(desk)[0].file_id is None
    work_until_empty(desk.database, desk.app.state.settings)
    (row,) = made(desk)
    assert files(desk) == [str(row.file_id)]
    (told,) = papers(desk, case)["notices"]
    content = desk.client.get(told["address"], headers=own(case)).content
    assert told["sha256"] == sha256(content).hexdigest() == bytes(row.sha256).hex()
    assert "Vorführung" not in read_sheet(content).text


def test_it_is_drawn_once_however_many_ask(desk: Desk, case: dict[str, Any]) -> None:
    address = f"/api/v1/permits/{case['reference']}/notices/{made(desk)[0].notice_id}"

    def ask(_: int) -> bytes:
        answer = desk.client.get(address, headers=own(case))
        assert answer.status_code == 200, answer.text
        return bytes(answer.content)

    with ThreadPoolExecutor(4) as pool:
        answers = set(pool.map(ask, range(6)))
    work_until_empty(desk.database, desk.app.state.settings)  # its job finds nothing to do
    assert len(answers) == 1
    assert len(files(desk)) == 1


def test_what_changes_later_does_not_change_it(desk: Desk, case: dict[str, Any]) -> None:
    """Facts are kept at the decision, although the sheet may be drawn later."""
    with owner_session(desk.database) as owner:
        owner.execute(
            text(
                "UPDATE town SET settings = jsonb_set(settings, '{texts,de,legal_remedy}', '\"Neue Belehrung\"') WHERE slug = 'bensheim'"
            )
        )
    with spoken(desk, OWN) as session:
        session.execute(text("UPDATE applicant SET name = 'Jemand anders'"))
        session.execute(text("UPDATE permit SET purpose = 'anderer Zweck', fee = NULL"))
        session.commit()
    (told,) = papers(desk, case)["notices"]
    sheet = read_sheet(desk.client.get(told["address"], headers=own(case)).content)
    assert "Erika Mustermann" in sheet.text
    assert "Fassade" in sheet.text
    assert "Summe" in sheet.text
    assert "Neue Belehrung" not in sheet.text
    assert desk.move(case["reference"], "revoked", reason="Zu laut.").status_code == 200
    first, second = papers(desk, case)["notices"]
    assert first["sha256"] == told["sha256"]
    later = read_sheet(desk.client.get(second["address"], headers=own(case)).content)
    assert (later.title, "Zu laut." in later.text) == (f"{case['reference']}: Widerruf Ihrer Erlaubnis", True)


def test_a_made_notice_cannot_be_changed(desk: Desk, case: dict[str, Any]) -> None:
    work_until_empty(desk.database, desk.app.state.settings)
    with spoken(desk, OWN) as session:
        again = text("UPDATE case_notice SET file_id = gen_random_uuid()")
        assert session.execute(again).rowcount == 0  # type: ignore[attr-defined]
    for change in ("facts = '{}'", "decision = 'rejected'"):
        with spoken(desk, OWN) as session, pytest.raises(DatabaseError, match="permission denied"):
            session.execute(text(f"UPDATE case_notice SET {change}"))
    with spoken(desk, OWN) as session, pytest.raises(DatabaseError, match="permission denied"):
        session.execute(text("DELETE FROM case_notice"))
    for change in ("facts = '{}'", "sha256 = ''", "decision = 'rejected'"):
        with owner_session(desk.database) as owner:  # the owner's mistakes neither
            owner.execute(
                text(
                    "SELECT set_config('app.actor', 'system', true), set_config('app.town', '06431002', true)"
                )
            )
            with pytest.raises(DatabaseError, match="never changed"):
                owner.execute(text(f"UPDATE case_notice SET {change}"))
            owner.rollback()


def test_a_file_that_was_touched_is_not_given_out(desk: Desk, case: dict[str, Any]) -> None:
    work_until_empty(desk.database, desk.app.state.settings)
    (told,) = papers(desk, case)["notices"]
    (path,) = file_store(desk.app.state.settings).root.glob("??/*")
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"%PDF-1.7", b"%PDF-1.4"))
    assert desk.client.get(told["address"], headers=own(case)).status_code == 404
    path.unlink()
    assert desk.client.get(told["address"], headers=own(case)).status_code == 404


def test_a_refused_step_writes_nothing(desk: Desk, case: dict[str, Any]) -> None:
    assert desk.move(case["reference"], "rejected", reason="x").status_code == 409
    assert len(made(desk)) == 1
