"""Papers are added, listed, downloaded and taken out; each by who may, and seen by nobody else."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from geo_service.documents.file_store import file_store
from geo_service.worker.run import work_until_empty
from tests.documents.papers import add, own, papers, path_of, pdf, picture
from tests.permits.conftest import BENSHEIM, VIERNHEIM, Desk
from tests.permits.test_tenancy import OWN, STRANGERS, count, spoken


@pytest.fixture
def case(desk: Desk) -> dict[str, Any]:
    return desk.file()


@pytest.mark.parametrize(
    ("content", "name", "declared", "media_type", "kept_as"),
    [
        (pdf(), "Lageplan.PDF", "application/pdf", "application/pdf", "Lageplan.pdf"),
        (picture(), "Foto vom 1.6.png", "image/png", "image/png", "Foto vom 1.6.png"),
        (picture(size=(1, 1)), "winzig.png", "", "image/png", "winzig.png"),
        (picture("JPEG"), "bild.jpeg", "image/jpg", "image/jpeg", "bild.jpg"),
        (picture("JPEG"), "ohne Endung", "application/octet-stream", "image/jpeg", "ohne Endung.jpg"),
        (pdf(password=""), "nur gegen Ändern geschützt.pdf", "", "application/pdf", "nur gegen Ändern geschützt.pdf"),
    ],
)  # fmt: skip
def test_what_is_added_is_given_out_as_it_was(  # noqa: PLR0917
    desk: Desk, case: dict[str, Any], content: bytes, name: str, declared: str, media_type: str, kept_as: str
) -> None:
    answer = add(desk, case, content, name, declared, kind="site_plan")
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert (told["name"], told["media_type"], told["size"]) == (kept_as, media_type, len(content))
    assert told["sha256"] == sha256(content).hexdigest()
    for headers in (own(case), desk.key()):
        got = desk.client.get(told["address"], headers=headers)
        assert got.content == content
        assert got.headers["content-type"] == media_type
        assert got.headers["content-disposition"].startswith("attachment;")
        assert got.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in got.headers["content-security-policy"]
        assert got.headers["cache-control"] == "no-store"
    assert [one["id"] for one in papers(desk, case)["documents"]] == [told["id"]]


def test_what_the_use_needs_is_missing_until_it_is_there(desk: Desk) -> None:
    case = desk.file(use_type="kran")
    assert papers(desk, case)["missing"] == ["site_plan", "static_proof"]
    added = add(desk, case, pdf(), kind="static_proof").json()
    assert papers(desk, case)["missing"] == ["site_plan"]
    assert desk.client.delete(added["address"], headers=own(case)).status_code == 204
    assert papers(desk, case)["missing"] == ["site_plan", "static_proof"]


def test_the_applicant_takes_out_before_the_decision_and_the_file_goes(
    desk: Desk, case: dict[str, Any]
) -> None:
    first, second = (add(desk, case, picture(size=(n, n)), "a.png").json() for n in (1, 2))
    by_clerk = add(desk, case, pdf(), headers=desk.key()).json()
    assert desk.client.delete(by_clerk["address"], headers=own(case)).status_code == 403
    assert desk.client.delete(first["address"], headers=desk.key()).status_code == 403
    assert desk.client.delete(first["address"], headers=own(case)).status_code == 204
    assert desk.client.delete(first["address"], headers=own(case)).status_code == 404
    assert desk.client.get(first["address"], headers=own(case)).status_code == 404
    store = file_store(desk.app.state.settings)
    kept = {path.name for path in store.root.glob("??/*")}
    work_until_empty(desk.database, desk.app.state.settings)
    assert kept - {path.name for path in store.root.glob("??/*")} == {first["id"]}
    page = desk.client.get(f"/towns/bensheim/desk/cases/{case['reference']}", headers=desk.key()).text
    assert "Herausgenommen" in page  # that there was one is not forgotten
    assert desk.grant(case).status_code == 200
    assert desk.client.delete(second["address"], headers=own(case)).status_code == 409
    assert add(desk, case, pdf()).status_code == 409
    assert add(desk, case, pdf(), headers=desk.key()).status_code == 201  # a clerk may, a photo of the site
    assert len(papers(desk, case)["documents"]) == 3


def test_the_applicant_does_not_learn_which_clerk_added_it(desk: Desk, case: dict[str, Any]) -> None:
    add(desk, case, pdf(), headers=desk.key())
    assert papers(desk, case)["documents"][0]["added_by"] == "clerk"
    assert papers(desk, case, desk.key())["documents"][0]["added_by"] == f"clerk {BENSHEIM}"


def test_a_drafts_papers_are_its_applicants_alone(desk: Desk) -> None:
    draft = desk.file(status="draft")
    added = add(desk, draft, pdf())
    assert added.status_code == 201
    assert desk.client.get(added.json()["address"], headers=desk.key()).status_code == 404
    with spoken(desk, OWN) as session:
        assert count(session, "case_document") == 0
    moved = desk.client.post(
        f"/api/v1/permits/{draft['permit_id']}/transitions", json={"to": "submitted"}, headers=own(draft)
    )
    assert moved.status_code == 200, moved.text
    with spoken(desk, OWN) as session:
        assert count(session, "case_document") == 1


def test_nobody_else_sees_or_touches_a_paper(desk: Desk, case: dict[str, Any]) -> None:
    other = desk.file(50)
    added = add(desk, case, pdf()).json()
    desk.grant(case)
    (notice,) = papers(desk, case)["notices"]
    strangers: list[dict[str, str]] = [
        {}, own(other), {"X-Permit-Token": "x"}, desk.key(town=VIERNHEIM), desk.key("reader", None),
        desk.key("operator", None),
    ]  # fmt: skip
    base = f"/api/v1/permits/{case['reference']}"
    for headers in strangers:
        for path in (
            added["address"],
            path_of(case),
            notice["address"],
            f"{base}/receipt.pdf",
            f"{base}/site-plan.pdf",
        ):
            assert desk.client.get(path, headers=headers).status_code == 404, (path, headers)
        assert add(desk, case, pdf(), headers=headers).status_code == 404
        assert desk.client.delete(added["address"], headers=headers).status_code == 404
    # under another case's address neither
    assert desk.client.get(f"{path_of(other)}/{added['id']}", headers=desk.key()).status_code == 404
    assert len(papers(desk, case)["documents"]) == 1


@pytest.mark.parametrize("who", STRANGERS, ids=lambda who: who["actor"])
def test_the_database_shows_them_to_nobody_else(
    desk: Desk, case: dict[str, Any], who: dict[str, Any]
) -> None:
    add(desk, case, pdf())
    desk.grant(case)
    with spoken(desk, OWN) as session:
        assert (count(session, "case_document"), count(session, "case_notice")) == (1, 1)
    with spoken(desk, who) as session:
        assert (count(session, "case_document"), count(session, "case_notice")) == (0, 0)
        removed = session.execute(
            text("UPDATE case_document SET removed_at = now(), removed_by = 'x', removed_by_role = 'x'")
        )
        assert removed.rowcount == 0  # type: ignore[attr-defined]
    with spoken(desk, who) as session, pytest.raises(DatabaseError, match="row-level security"):
        session.execute(
            text(
                "INSERT INTO case_document SELECT gen_random_uuid(), CAST(:id AS uuid), 'other', 'x.pdf', 'application/pdf',"
                " 1, '', now(), 'x', 'x'"
            ),
            {"id": case["permit_id"]},
        )


def test_a_repeated_upload_is_one_paper(desk: Desk, case: dict[str, Any]) -> None:
    once = {**own(case), "Idempotency-Key": "a", "Content-Type": "multipart/form-data; boundary=x"}
    body = (
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n'
        + pdf()
        + b"\r\n--x--\r\n"
    )
    first, second = (desk.client.post(path_of(case), content=body, headers=once) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert len(papers(desk, case)["documents"]) == 1


def test_forgetting_the_person_takes_papers_and_notices(desk: Desk, case: dict[str, Any]) -> None:
    add(desk, case, pdf())
    desk.grant(case)
    papers(desk, case)
    for who in (OWN, {"actor": "system", "town": VIERNHEIM}):
        with spoken(desk, who) as session, pytest.raises(DatabaseError, match="not open"):
            session.execute(text("SELECT forget_papers(:id)"), {"id": case["permit_id"]})
    with spoken(desk, {"actor": "system", "town": BENSHEIM}) as session:
        session.execute(text("SELECT forget_papers(:id)"), {"id": case["permit_id"]})
        assert count(session, "stored_file") == 0
        facts = session.execute(text("SELECT facts ->> 'case' FROM case_notice")).scalar_one()
        assert "Mustermann" not in facts
        session.commit()
    left = papers(desk, case)
    assert (left["documents"], left["notices"]) == ([], [])
