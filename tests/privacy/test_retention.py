"""Drafts are thrown away and cases that are long over lose the person; a record proves it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from geo_service.db.database import operator_session, owner_session
from geo_service.documents.file_store import FileStore
from geo_service.documents.sweep import sweep_files
from geo_service.permits.retention import forget_people
from geo_service.towns.folder import TownFile
from tests.documents.papers import picture
from tests.permits.conftest import BENSHEIM, HEPPENHEIM, Desk, open_desk, opened_desks  # noqa: F401
from tests.permits.test_tenancy import OWN, count, spoken
from tests.privacy.everywhere import places_that_say
from tests.privacy.test_applicant_stays import COPIES

PERSON = {"name": "Zacharias Zwetschgenbaum", "email": "zz@zwetschge.example", "phone": "06251 987654", "address": "Pflaumengasse 7, Bensheim"}  # fmt: skip
WORDS = (*PERSON.values(), "Zwetschgenbaum")
NOW = datetime.now(UTC)
# What becomes of every table that hangs on a case when its person is forgotten. Texts (text, jsonb) of all of them lose
# the person's words by themselves (strike_words in 41_retention.sql).
FORGOTTEN = {
    "applicant": "deleted",
    "case_document": "deleted; the files that no row names any more are swept",
    "case_key": "deleted: the token opens nothing any more",
    "case_note": "deleted",
    "case_notice": "what the applicant stated emptied, words struck out of the rest; its file is swept",
    "case_words": "made anew from what is left: the reference",
    "consultation": "words struck out, the address emptied",
    "fee_entry": "words struck out of the reasons",
    "fee_notice": "words struck out of the reason of a fee that was set",
    "message": "recipient, subject and text emptied; that it was sent stays",
    "pending_permit": "holds nothing of a person, and nothing that is decided",
    "permit": "purpose, address and urgency emptied, words struck out",
    "permit_past": "the same in every earlier state",
    "permit_transition": "words struck out of the reasons",
    "published_permit": "holds nothing of a person",
}


@pytest.fixture
def desk(open_desk: Callable[..., Desk]) -> Desk:  # noqa: F811
    return open_desk()


def settings_of(desk: Desk, town: str, **settings: int) -> None:
    with owner_session(desk.database) as owner:
        owner.execute(
            text("UPDATE town SET settings = settings || CAST(:more AS jsonb) WHERE ags = :town"),
            {"more": json.dumps(settings), "town": town},
        )


def run(desk: Desk, at: datetime) -> dict[str, int]:
    return dict(forget_people(desk.app.state.engine, now=lambda: at))


def add_paper(desk: Desk, receipt: dict[str, Any], headers: dict[str, str]) -> None:
    """A picture whose name and content name the person."""
    answer = desk.client.post(
        f"/api/v1/permits/{receipt['reference']}/documents",
        files={"file": (f"Plan {PERSON['name']}.png", picture(), "image/png")}, headers=headers,
    )  # fmt: skip
    assert answer.status_code == 201, answer.text


def files_of(desk: Desk) -> int:
    """How many files are left once what no row names is swept."""
    store: FileStore = desk.app.state.files
    with operator_session(desk.app.state.engine) as session:
        sweep_files(session, store, older_than_s=-1)
    return len(list(store.older_than(-1)))


def rejected_case(desk: Desk) -> dict[str, Any]:
    """A case that names its person in every place where people write."""
    receipt = desk.file(
        applicant=PERSON, purpose="Fassade Haus Zwetschgenbaum", address_text=PERSON["address"], takes=[],
        urgent_reason="Herr ZWETSCHGENBAUM wartet",
    )  # fmt: skip
    path = f"/api/v1/permits/{receipt['reference']}"
    key = desk.key()

    def post(below: str, body: dict[str, Any]) -> None:
        answer = desk.client.post(path + below, json=body, headers=key)
        assert answer.status_code in (200, 201), answer.text

    add_paper(desk, receipt, headers={"X-Permit-Token": receipt["token"]})
    post("/transitions", {"to": "in_review"})
    post("/notes", {"text": "Mit Zwetschgenbaum telefoniert"})
    post("/transitions", {"to": "more_information_needed", "reason": "Herr Zwetschgenbaum, welche Höhe?"})
    changed = desk.body(applicant=PERSON, purpose="Neu: Zwetschgenbaum", address_text=PERSON["address"])
    answer = desk.client.put(
        path, json=changed, headers={"X-Permit-Token": receipt["token"], "If-Match": "*"}
    )
    assert answer.status_code == 200, answer.text
    answer = desk.client.post(
        f"{path}/transitions", json={"to": "in_review", "reason": f"{PERSON['phone']}: 3 m"},
        headers={"X-Permit-Token": receipt["token"]},
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
    post("/consultations", {"question": "Kennt ihr zz@zwetschge.example?", "office": "Ordnungsamt"})
    post("/transitions", {"to": "in_review"})
    post("/transitions", {"to": "rejected", "reason": "Zwetschgenbaum hat den Platz nicht; § 16 HStrG."})
    return receipt


def test_a_case_that_is_long_over_goes_on_without_the_person(desk: Desk) -> None:
    receipt, living = rejected_case(desk), desk.file(100, applicant=PERSON)
    settings_of(desk, BENSHEIM, retention_days=365)
    assert run(desk, NOW + timedelta(days=364)) == {}
    with owner_session(desk.database) as owner:
        owner.execute(text("SELECT set_config('app.town', :town, true)"), {"town": BENSHEIM})
        before = owner.execute(text("SELECT count(*) FROM permit_transition")).scalar_one()
    done = run(desk, NOW + timedelta(days=366))
    assert (done["people"], done["parties"], done["notes"]) == (1, 1, 1) and done["texts"] > 3
    # A paper and two notices; receipt, question, the answer to the office, rejection.
    assert (done["papers"], done["messages"]) == (3, 4)

    said = places_that_say(desk.database, WORDS)
    still = {"applicant", *COPIES}
    assert set(said) <= still, "only the case that is still open names its person"
    assert set(places_that_say(desk.database, [receipt["permit_id"]])) >= {"message", "case_notice"}
    assert search(desk, "Zwetschgenbaum") == [living["reference"]]
    assert search(desk, receipt["reference"]) == [receipt["reference"]]
    document = desk.client.get(f"/api/v1/permits/{receipt['reference']}", headers=desk.key()).json()[
        "properties"
    ]
    assert (document["status"], document["applicant"], document["purpose"]) == ("rejected", None, None)
    assert document["history"][-1]["reason"] == "[…] hat den Platz nicht; § 16 HStrG."
    assert document["urgent_reason"] is None and document["area_m2"] > 0 and document["fee"]
    past = desk.client.get(
        f"/api/v1/permits/{receipt['reference']}",
        params={"as_of": NOW.date().isoformat()},
        headers=desk.key(),
    )
    assert past.status_code == 200 and "zwetschge" not in past.text.lower()
    assert (
        desk.client.get(
            f"/api/v1/permits/{receipt['reference']}", params={"token": receipt["token"]}
        ).status_code
        == 404
    )
    assert (
        desk.client.get(
            f"/api/v1/permits/{living['reference']}", params={"token": living["token"]}
        ).status_code
        == 200
    )
    with owner_session(desk.database) as owner:
        owner.execute(text("SELECT set_config('app.town', :town, true)"), {"town": BENSHEIM})
        assert owner.execute(text("SELECT count(*) FROM permit_transition")).scalar_one() == before
        kept = owner.execute(
            text("SELECT party FROM occupation WHERE source_id = CAST(:id AS uuid)"),
            {"id": receipt["permit_id"]},
        )
        assert kept.scalar_one() is None
    assert run(desk, NOW + timedelta(days=367)) == {}, "once"


def search(desk: Desk, words: str) -> list[str]:
    """The references that a desk finds by words."""
    answer = desk.client.get("/api/v1/permits", params={"q": words}, headers=desk.key())
    return [one["properties"]["reference"] for one in answer.json()["features"]]


def test_a_fee_and_the_files_go_on_without_the_person_and_codes_stay(desk: Desk) -> None:
    """The last name is a part of our own words for states, kinds of entries and decisions."""
    person = {**PERSON, "name": "Zacharias Grant"}
    receipt = desk.file(applicant=person)
    path, key = f"/api/v1/permits/{receipt['reference']}", desk.key()
    add_paper(desk, receipt, headers={"X-Permit-Token": receipt["token"]})
    asked = {"amount_eur": "40.00", "reason": "Herr Zacharias Grant hat Recht"}
    assert desk.client.put(f"{path}/fee", json=asked, headers={"If-Match": "*", **key}).status_code == 200
    assert desk.grant(receipt).status_code == 200
    papers = desk.client.get(f"{path}/documents", headers=key).json()
    assert [one["decision"] for one in papers["notices"]] == ["granted"]
    credit = {"kind": "credit", "amount_eur": "10.00", "reason": f"wie mit {person['phone']} besprochen"}
    assert desk.client.post(f"{path}/fee-notice/entries", json=credit, headers=key).status_code == 201
    assert desk.move(receipt["reference"], "revoked", reason="Grant ist weg").status_code == 200
    assert desk.client.get(f"{path}/documents", headers=key).status_code == 200  # both notices are drawn
    assert files_of(desk) == 3

    settings_of(desk, BENSHEIM, retention_days=1)
    done = run(desk, NOW + timedelta(days=2))
    assert (done["people"], done["papers"], done["messages"]) == (1, 3, 3)
    assert places_that_say(desk.database, (*person.values(),)) == {}
    assert files_of(desk) == 0
    notice = desk.client.get(f"{path}/fee-notice", headers=key).json()
    assert (
        notice["set_reason"] == "Herr […] hat Recht"
        and notice["entries"][0]["reason"] == "wie mit […] besprochen"
    )
    assert [one["kind"] for one in notice["entries"]] == ["credit", "credit"]
    case = desk.client.get(path, headers=key).json()["properties"]
    assert [one["to"] for one in case["history"]] == ["submitted", "in_review", "granted", "revoked"]
    assert case["history"][-1]["reason"] == "[…] ist weg"
    assert desk.client.get(path, params={"as_of": NOW.date().isoformat()}, headers=key).status_code == 200
    left = desk.client.get(f"{path}/messages", headers=key).json()["messages"]
    assert {(one["recipient"], one["subject"], one["text"]) for one in left} == {("", "", "")}
    with spoken(desk, OWN) as session:
        assert session.execute(text("SELECT left_over FROM retention_run")).scalars().all() == [0]
        with pytest.raises(DatabaseError, match="permission denied"):
            session.execute(text("UPDATE fee_entry SET reason = 'x'"))


def test_each_run_is_recorded_with_what_is_left_over(desk: Desk) -> None:
    rejected_case(desk)
    settings_of(desk, BENSHEIM, retention_days=1)
    run(desk, NOW + timedelta(days=2))
    with spoken(desk, OWN) as session:
        runs = session.execute(text("SELECT counts, left_over FROM retention_run")).all()
        assert [(one.counts["people"], one.left_over) for one in runs] == [(1, 0)]
    with spoken(desk, {"actor": "clerk", "town": HEPPENHEIM}) as session:  # its own run, with nothing to do
        runs = session.execute(text("SELECT counts, left_over FROM retention_run")).all()
        assert [(set(one.counts.values()), one.left_over) for one in runs] == [({0}, 0)]


def test_what_cannot_be_done_is_left_over_and_keeps_nobody_else(desk: Desk) -> None:
    first, _ = rejected_case(desk), rejected_case(desk)
    settings_of(desk, BENSHEIM, retention_days=1)
    with owner_session(desk.database) as owner:
        owner.execute(
            text("CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$")
        )
        owner.execute(
            text(
                "CREATE TRIGGER refuse BEFORE DELETE ON applicant FOR EACH ROW"
                f" WHEN (OLD.permit_id = '{first['permit_id']}') EXECUTE FUNCTION refuse()"
            )
        )
    assert run(desk, NOW + timedelta(days=2))["people"] == 1
    with spoken(desk, OWN) as session:
        assert session.execute(text("SELECT left_over FROM retention_run")).scalars().all() == [1]


def test_drafts_are_thrown_away_after_thirty_days(desk: Desk) -> None:
    draft = desk.file(status="draft", applicant=PERSON)
    given_up = desk.file(50, status="draft", applicant=PERSON)
    path = f"/api/v1/permits/{given_up['permit_id']}/transitions"
    token = {"X-Permit-Token": given_up["token"]}
    assert desk.client.post(path, json={"to": "withdrawn"}, headers=token).status_code == 200
    filed = desk.file(100, applicant=PERSON)
    answer = desk.client.post(
        f"/api/v1/permits/{draft['permit_id']}/documents",
        files={"file": ("a.png", picture(), "image/png")},
        headers={"X-Permit-Token": draft["token"]},
    )
    assert answer.status_code == 201, answer.text
    assert run(desk, NOW + timedelta(days=29)) == {} and files_of(desk) == 1
    assert run(desk, NOW + timedelta(days=31)) == {"drafts": 2} and files_of(desk) == 0
    one = f"/api/v1/permits/{draft['permit_id']}"
    assert desk.client.get(one, headers={"X-Permit-Token": draft["token"]}).status_code == 404
    assert set(places_that_say(desk.database, (draft["permit_id"], given_up["permit_id"]))) == set()
    assert desk.client.get(f"/api/v1/permits/{filed['reference']}", headers=desk.key()).status_code == 200


@pytest.mark.parametrize(
    "who", [OWN, {"actor": "public"}, {"actor": "operator"}, {"actor": "system", "town": HEPPENHEIM}]
)
def test_only_the_service_itself_forgets_and_only_in_the_town_it_speaks_for(
    desk: Desk, who: dict[str, Any]
) -> None:
    filed, draft = desk.file(applicant=PERSON), desk.file(50, status="draft", applicant=PERSON)
    with spoken(desk, who) as session:
        asked = {"id": filed["permit_id"]}
        assert session.execute(text("SELECT forget_person(CAST(:id AS uuid))"), asked).scalar_one() is None
        session.execute(text("SET LOCAL app.forgetting = 'x'"))
    with spoken(desk, who) as session:
        assert session.execute(text("DELETE FROM permit")).rowcount == 0  # type: ignore[attr-defined]
        assert session.execute(text("SELECT count(*) FROM permit WHERE reference IS NULL")).scalar_one() == 0
    with spoken(desk, OWN) as session, pytest.raises(DatabaseError, match="permission denied"):
        session.execute(text(f"SET LOCAL app.forgetting = '{filed['permit_id']}'"))
        session.execute(text("UPDATE permit_transition SET reason = 'x'"))
    with spoken(desk, {"actor": "system", "town": BENSHEIM}) as session:
        assert count(session, "permit") == 2, draft


def test_every_table_that_hangs_on_a_case_says_what_becomes_of_it(desk: Desk) -> None:
    with owner_session(desk.database) as owner:
        hanging = owner.execute(
            text(
                "SELECT c.relname FROM pg_class AS c INNER JOIN pg_attribute AS a ON a.attrelid = c.oid"
                " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')"
                " AND a.attname = 'permit_id' AND NOT a.attisdropped"
            )
        ).scalars()
        unsaid = sorted(set(hanging) - set(FORGOTTEN))
    assert unsaid == [], (
        f"{unsaid}: when a person is forgotten, text and jsonb columns lose the person's words by themselves. Files,"
        " bytes and whatever must go as a whole need a line in forget_person (sql/migrations/0006/41_retention.sql)"
        " or in permits/retention.py. Then say in FORGOTTEN what becomes of the table."
    )


def test_the_periods_of_a_town_have_limits() -> None:
    fields = TownFile.model_fields
    for name, days in (("draft_days", 30), ("retention_days", 3650)):
        assert fields[name].default == days
        assert {type(limit).__name__ for limit in fields[name].metadata} == {"Ge", "Le"}
