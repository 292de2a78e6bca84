"""Papers on the page of a case, for its applicant with the cookie and at the desk with a sign-in."""

from __future__ import annotations

import re
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.documents.papers import papers, pdf, picture
from tests.permits.conftest import VIERNHEIM, Desk

HTML = {"Accept": "text/html"}


@pytest.fixture
def case(desk: Desk) -> dict[str, Any]:
    return desk.file(use_type="kran")


@pytest.fixture
def applicant(desk: Desk, case: dict[str, Any]) -> TestClient:
    """A browser that has followed the link of the receipt."""
    browser = TestClient(desk.app, base_url="http://127.0.0.1", headers=HTML)
    browser.get(f"/permits/{case['reference']}", params={"token": case["token"]})
    return browser


def upload(browser: TestClient, path: str, content: bytes, name: str, **form: str) -> Any:
    return browser.post(path, files={"file": (name, content, "application/octet-stream")}, data=form)


def test_the_applicant_adds_and_takes_out(desk: Desk, case: dict[str, Any], applicant: TestClient) -> None:
    page = f"/permits/{case['reference']}"
    assert "Es fehlen noch: Lageplan mit Maßen, Standsicherheitsnachweis." in applicant.get(page).text
    shown = upload(applicant, f"{page}/documents", pdf(), "Statik.pdf", kind="static_proof")
    assert shown.status_code == 200
    assert "Es fehlen noch: Lageplan mit Maßen." in shown.text
    (address,) = re.findall(rf'href="({page}/documents/[^"]+)" download', shown.text)
    assert applicant.get(address).headers["content-disposition"].startswith("attachment")
    assert TestClient(desk.app).get(address).status_code == 404
    for sheet in re.findall(rf'href="({page}/[^"]+\.pdf)"', shown.text):
        assert applicant.get(sheet).headers["content-type"] == "application/pdf"
    applicant.post(f"{address}/removal")
    assert papers(desk, case)["documents"] == []


def test_a_refusal_is_told_on_the_page_of_the_case(case: dict[str, Any], applicant: TestClient) -> None:
    path = f"/permits/{case['reference']}/documents"
    refused = upload(applicant, path, b"hello", "a.pdf")
    assert (refused.status_code, refused.headers["content-type"]) == (422, "text/html; charset=utf-8")
    assert 'id="paper-refused">Nur PDF, PNG und JPEG können hinzugefügt werden.' in refused.text
    assert case["reference"] in refused.text


def test_a_form_of_another_site_adds_nothing(desk: Desk, case: dict[str, Any], applicant: TestClient) -> None:
    answer = applicant.post(
        f"/permits/{case['reference']}/documents",
        files={"file": ("a.pdf", pdf(), "application/pdf")},
        headers={"Sec-Fetch-Site": "cross-site"},
    )
    assert answer.status_code == 403
    assert papers(desk, case)["documents"] == []


def test_the_desk_adds_with_a_key_or_its_form(desk: Desk, case: dict[str, Any]) -> None:
    clerk, key = (
        TestClient(desk.app, base_url="http://127.0.0.1", headers=HTML),
        desk.key()["Authorization"].removeprefix("Bearer "),
    )
    clerk.post("/sign-in", data={"key": key})
    page = f"/towns/bensheim/desk/cases/{case['reference']}"
    (csrf,) = set(re.findall(r'name="csrf_token" value="([^"]+)"', clerk.get(page).text))
    path = f"{page}/documents"
    assert upload(clerk, path, picture(), "a.png").status_code == 403  # without the token of the form
    assert upload(clerk, path, picture(), "a.png", csrf_token=csrf, kind="photo").status_code == 200
    refused = upload(clerk, path, b"", "a.png", csrf_token=csrf)
    assert (refused.status_code, "Die Datei ist leer." in refused.text) == (422, True)
    (told,) = papers(desk, case, desk.key())["documents"]
    assert told["kind"] == "photo"
    # the sign-in opens the address that the page shows, and another town's does not
    assert clerk.get(f"/permits/{case['reference']}/documents/{told['id']}").content == picture()
    other = TestClient(desk.app, base_url="http://127.0.0.1", headers=HTML)
    other.post("/sign-in", data={"key": desk.key(town=VIERNHEIM)["Authorization"].removeprefix("Bearer ")})
    assert other.get(f"/permits/{case['reference']}/documents/{told['id']}").status_code == 404
    assert other.get(page).status_code == 403
    gone = clerk.post(f"{path}/{told['id']}/removal", data={"csrf_token": csrf})
    assert gone.status_code == 200
    assert papers(desk, case)["documents"] == []


def test_the_form_of_the_request_says_which_papers_it_needs(standing_desk: Desk) -> None:
    page = standing_desk.client.get("/towns/bensheim/apply").text
    assert '<option value="kran" data-papers="Lageplan mit Maßen, Standsicherheitsnachweis">' in page
    assert '<option value="container">' in page
