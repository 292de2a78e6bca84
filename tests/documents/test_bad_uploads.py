"""What is no paper is refused with the right status and one sentence, and leaves nothing behind."""

from __future__ import annotations

from typing import Any

import pytest

from geo_service.documents.file_name import shown_name
from geo_service.documents.file_store import file_store
from geo_service.documents.inspect_upload import MAX_FILE_BYTES
from tests.documents.papers import add, bomb, own, papers, path_of, pdf, picture
from tests.permits.conftest import Desk


@pytest.fixture(scope="module")
def case(standing_desk: Desk) -> dict[str, Any]:
    return standing_desk.file()


def files_of(desk: Desk) -> set[str]:
    return {path.name for path in file_store(desk.app.state.settings).root.glob("??/*")}


WRONG = {
    "text": (b"hello", "a.txt", "text/plain"),
    "text that says it is a pdf": (b"hello", "a.pdf", "application/pdf"),
    "html with a pdf's name": (b"<html><script>alert(1)</script>", "a.pdf", "application/pdf"),
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "a.svg", "image/svg+xml"),
    "zip": (b"PK\x03\x04" + bytes(100), "a.zip", "application/zip"),
    "gif": (b"GIF89a" + bytes(50), "a.gif", "image/gif"),
    "pdf sent as html": (pdf(), "a.pdf", "text/html"),
    "png sent as jpeg": (picture(), "a.png", "image/jpeg"),
    "png named pdf": (picture(), "a.pdf", ""),
    "pdf named exe": (pdf(), "rechnung.pdf.exe", ""),
    "first line of a pdf": (b"%PDF-1.7\n", "a.pdf", ""),
    "half a pdf": (pdf()[:200], "a.pdf", ""),
    "pdf without a page": (pdf(pages=0), "a.pdf", ""),
    "locked pdf": (pdf(password="geheim"), "a.pdf", ""),
    "half a png": (picture(size=(400, 400))[:100], "a.png", ""),
    "png of garbage": (picture()[:40] + bytes(60), "a.png", ""),
    "half a jpeg": (picture("JPEG", (400, 400))[:300], "a.jpg", ""),
    "png of 60 million pixels": (bomb(10_000, 6_000), "a.png", ""),
    "png of 400 million pixels": (bomb(20_000, 20_000)[:5_000], "a.png", ""),
    "empty": (b"", "a.pdf", ""),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_it_is_refused(standing_desk: Desk, case: dict[str, Any], wrong: str) -> None:
    before = files_of(standing_desk)
    answer = add(standing_desk, case, *WRONG[wrong])
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    (fault,) = answer.json()["errors"]
    assert fault["pointer"] == "/file"
    assert not fault["detail"].isascii() or "Datei" in fault["detail"] or "Bild" in fault["detail"]  # German
    assert papers(standing_desk, case)["documents"] == []
    assert files_of(standing_desk) == before


def test_a_kind_that_is_not_known(standing_desk: Desk, case: dict[str, Any]) -> None:
    for kind in ("nonsense", "a\0b", "x" * 41):
        assert add(standing_desk, case, pdf(), kind=kind).status_code == 422
    assert papers(standing_desk, case)["documents"] == []


def test_too_large_is_413_and_just_fits(desk: Desk) -> None:
    case = desk.file()
    full = picture() + bytes(MAX_FILE_BYTES - len(picture()))  # what follows a picture is not looked at
    assert add(desk, case, full, "a.png").status_code == 201
    for more in (1, 200_000, 5_000_000):
        answer = add(desk, case, full + bytes(more), "a.png")
        assert answer.status_code == 413, more
        assert answer.json()["detail"] == "Eine Datei darf höchstens 10 MB haben."
    assert len(papers(desk, case)["documents"]) == 1
    note = desk.client.post(
        f"/api/v1/permits/{case['reference']}/notes", content=bytes(1_000_001), headers=desk.key()
    )
    assert note.status_code == 413  # every other body stays small


def test_the_twenty_first_is_refused(desk: Desk) -> None:
    case = desk.file()
    added = [add(desk, case, picture(size=(n + 1, 1)), "a.png") for n in range(20)]
    assert {one.status_code for one in added} == {201}
    before = files_of(desk)
    answer = add(desk, case, pdf())
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/TooManyDocuments")
    assert files_of(desk) == before
    assert desk.client.delete(added[0].json()["address"], headers=own(case)).status_code == 204
    assert add(desk, case, pdf()).status_code == 201


def test_bodies_that_are_no_form(standing_desk: Desk, case: dict[str, Any]) -> None:
    form = {**own(case), "Content-Type": "multipart/form-data; boundary=x"}
    bodies = [
        b"", b"--x", b"--x\r\n\r\n\r\n--x--", b"\xff" * 1000,
        b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\nno file\r\n--x--\r\n',
        b'--x\r\nContent-Disposition: form-data; name="kind"\r\n\r\nother\r\n--x--\r\n',
    ]  # fmt: skip
    for body in bodies:
        answer = standing_desk.client.post(path_of(case), content=body, headers=form)
        assert answer.status_code in (400, 422), body
        assert answer.headers["content-type"] == "application/problem+json"
    assert standing_desk.client.post(path_of(case), json={}, headers=own(case)).status_code == 422


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../../etc/passwd", "passwd.pdf"),
        ("C:\\Users\\x\\Plan 1.PDF", "Plan 1.pdf"),
        ("/", "Unterlage.pdf"),
        ("..", "Unterlage.pdf"),
        (".pdf", "Unterlage.pdf"),
        ("", "Unterlage.pdf"),
        ("a\r\nSet-Cookie: x.pdf", "aSet-Cookie: x.pdf"),
        ("a\0b.pdf", "ab.pdf"),
        ("rechnung\u202efdp.exe", "rechnungfdp.exe.pdf"),
        ("Skizze\u200b  Haus\t5.pdf", "Skizze Haus5.pdf"),
        ("Stra\u00dfe 'x' \"y\";z.pdf", "Straße 'x' \"y\";z.pdf"),
        ("Lageplan 2.5", "Lageplan 2.5.pdf"),
        ("x" * 500 + ".pdf", "x" * 120 + ".pdf"),
        ("<img src=x onerror=alert(1)>.pdf", "<img src=x onerror=alert(1)>.pdf"),
    ],
)
def test_a_name_is_no_path_and_deceives_nobody(sent: str, kept: str) -> None:
    assert shown_name(sent, ".pdf") == kept


def test_a_name_reaches_headers_and_pages_as_text_only(desk: Desk) -> None:
    case = desk.file()
    name = "../<img src=x onerror=alert(1)>; filename=x.html;.png"
    added = add(desk, case, picture(), name).json()
    got = desk.client.get(added["address"], headers=own(case))
    told = got.headers["content-disposition"]
    assert told.startswith('attachment; filename="_img src_x onerror_alert_1___ filename_x.html_.png"; ')
    assert "\n" not in told
    page = desk.client.get(f"/towns/bensheim/desk/cases/{case['reference']}", headers=desk.key()).text
    assert "<img src=x" not in page
    assert "&lt;img src=x" in page
