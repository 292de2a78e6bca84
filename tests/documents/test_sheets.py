"""What the town writes, read back: words, title, language, tags; and the plan, measured out on the paper."""

from __future__ import annotations

import re
from base64 import b64decode
from datetime import datetime
from typing import Any

import pytest
import shapely
from sqlalchemy import text

from geo_service.crs import to_lonlat
from geo_service.db.database import owner_session
from geo_service.documents.site_plan import SitePlan, draw_site_plan
from geo_service.interval import Interval
from geo_service.occupations.use_types import use_types
from tests.documents.papers import add, own, papers, pdf
from tests.documents.readback import Sheet, read_sheet
from tests.permits.conftest import BENSHEIM, Desk
from tests.permits.test_tenancy import OWN, spoken


def sheet_of(desk: Desk, receipt: dict[str, Any], name: str, **query: str) -> Sheet:
    answer = desk.client.get(
        f"/api/v1/permits/{receipt['reference']}/{name}", headers=own(receipt), params=query
    )
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/pdf"
    return read_sheet(answer.content)


def notice_of(desk: Desk, receipt: dict[str, Any], number: int = -1) -> tuple[dict[str, Any], Sheet]:
    told = papers(desk, receipt)["notices"][number]
    answer = desk.client.get(told["address"], headers=own(receipt))
    assert answer.status_code == 200
    return told, read_sheet(answer.content)


def street(desk: Desk) -> None:
    """A street of 6 m with footways of 2 m, west to east through the town's middle, on a federal road."""
    x, y = desk.centres[BENSHEIM]
    with owner_session(desk.database) as owner:
        owner.execute(text("SELECT set_config('app.actor', 'operator', true)"))
        owner.execute(
            text(
                "INSERT INTO road_segment (segment_id, town, street_name, road_class, road_number, highway, axis, in_service,"
                " carriageway_width_m, footway_width_left_m, footway_width_right_m, modes, width_source, source, source_id)"
                " VALUES ('t:1', '06431002', 'Nibelungenstraße', 'bundesstrasse', 'B 47', 'primary',"
                " ST_SetSRID(ST_MakeLine(ST_Point(:x - 90, :y), ST_Point(:x + 90, :y)), 25832),"
                " true, 6, 2, 2, '{car,foot}', 'tagged', 'osm', '1')"
            ),
            {"x": x, "y": y},
        )


def test_the_receipt(desk: Desk) -> None:
    case = desk.file(use_type="kran", address_text="Markt 1", purpose="Fassade <b>streichen</b>")
    add(desk, case, pdf(), "Lageplan Müller.pdf", kind="site_plan")
    sheet = sheet_of(desk, case, "receipt.pdf")
    assert (sheet.title, sheet.language) == (f"{case['reference']}: Eingangsbestätigung", "de")
    for words in (
        "Erika Mustermann", case["reference"], "Kran", "Fassade <b>streichen</b>", "Markt 1", "12,0 m²",
        "keine Erlaubnis", "Lageplan Müller.pdf", "Es fehlen noch: Standsicherheitsnachweis", "Vorführung",
    ):  # fmt: skip
        assert words in sheet.text, words
    total = case["fee"]["total_eur"].replace(".", ",")
    assert f"Summe {total} €" in sheet.text
    assert all(line["text"] in sheet.text for line in case["fee"]["lines"])
    assert sheet.headings[0] == "/H1"
    assert sheet.tags["/TH"] > 8
    assert sheet.alts == [f"QR-Code zur Seite des Antrags: http://127.0.0.1:8000/permits/{case['reference']}"]


def test_english_for_a_case_in_english_and_for_who_asks(desk: Desk) -> None:
    case = desk.file(language="en")
    english = sheet_of(desk, case, "receipt.pdf")
    assert (english.language, english.title) == ("en", f"{case['reference']}: Receipt")
    assert "This receipt is no permit" in english.text.replace("  ", " ")
    assert sheet_of(desk, case, "receipt.pdf", lang="de").language == "de"
    desk.grant(case)
    _, notice = notice_of(desk, case)
    assert (notice.language, "Legal remedy" in notice.text) == ("en", True)


def test_a_draft_has_no_receipt_but_a_plan(desk: Desk) -> None:
    draft = desk.file(status="draft")
    base = f"/api/v1/permits/{draft['permit_id']}"
    assert desk.client.get(f"{base}/receipt.pdf", headers=own(draft)).status_code == 409
    assert desk.client.get(f"{base}/site-plan.pdf", headers=own(draft)).status_code == 200


def test_the_permit_says_all_that_was_decided(desk: Desk) -> None:
    street(desk)
    case = desk.file()
    assert desk.move(case["reference"], "in_review").status_code == 200
    conditions = [
        {"code": "G1", "text": "Der Gehweg bleibt auf 1,50 m frei."},
        {"code": "G2", "text": "Nachts beleuchtet."},
    ]
    consents = desk.client.get(f"/api/v1/permits/{case['reference']}", headers=desk.key()).json()
    needed = [one for one in consents["properties"]["findings"] if one["needed_for_grant"]]
    moved = desk.move(
        case["reference"], "granted", desk.key("supervisor"), conditions=conditions,
        overrides=[{"finding": one["id"], "reason": "liegt vor"} for one in needed],
    )  # fmt: skip
    assert moved.status_code == 200, moved.text
    told, sheet = notice_of(desk, case)
    assert told["decision"] == "granted"
    assert sheet.title == f"{case['reference']}: Erlaubnis zur Sondernutzung"
    for words in (
        "Erika Mustermann", case["reference"], "Gerüst", "1,50 m frei", "Nachts beleuchtet.", "widerruflich",
        "Rechtsbehelfsbelehrung", "Muster, nicht freigegeben", "§ 8 Abs. 1 und 2 FStrG", "§ 18 HStrG",
        "Beispieltarif, nicht amtlich", "Querschnitt Nibelungenstraße", "2,00 m (aus den Ausgangsdaten)",
    ):  # fmt: skip
        assert words in sheet.text, words
    assert "§ 16 HStrG" not in sheet.text  # a federal road
    to_pay = desk.client.get(f"/api/v1/permits/{case['reference']}/fee-notice", headers=desk.key()).json()
    year, month, day = to_pay["due_on"].split("-")
    assert f"Kassenzeichen {to_pay['cash_reference']}" in sheet.text
    assert f"Fällig am {int(day)}.{int(month)}.{year}" in sheet.text
    assert all(line["text"] in sheet.text for line in case["fee"]["lines"])
    code, plan = sheet.alts
    entry = f"http://127.0.0.1:8000/ogc/collections/permits/items/{case['permit_id']}"
    assert code == f"QR-Code zum öffentlichen Eintrag: {entry}"
    assert desk.client.get(entry.removeprefix("http://127.0.0.1:8000")).status_code == 200
    assert plan.startswith("Lageplan im Maßstab 1:250, Norden oben")
    assert "Nibelungenstraße" in plan


@pytest.mark.parametrize(
    ("to", "words", "absent"),
    [
        ("rejected", ("Ablehnung Ihres Antrags", "Zu eng.", "Rechtsbehelfsbelehrung", "§ 16 HStrG"), ("QR-Code", "Summe")),
        ("more_information_needed", ("Nachforderung von Angaben", "Zu eng.", "Standsicherheitsnachweis", "ruht die Bearbeitung"), ("Rechtsbehelfsbelehrung", "§ 16")),
    ],
)  # fmt: skip
def test_the_other_notices(desk: Desk, to: str, words: tuple[str, ...], absent: tuple[str, ...]) -> None:
    case = desk.file(use_type="kran")
    desk.move(case["reference"], "in_review")
    assert desk.move(case["reference"], to, reason="Zu eng.").status_code == 200
    _, sheet = notice_of(desk, case)
    assert [one for one in words if one not in sheet.text] == []
    assert [one for one in absent if one in sheet.text or one in " ".join(sheet.alts)] == []


def test_a_use_that_is_not_published_has_no_public_entry(desk: Desk) -> None:
    case = desk.file(use_type="umzug_halteverbot")
    desk.grant(case)
    _, sheet = notice_of(desk, case)
    assert "Öffentlicher Eintrag" not in sheet.text
    assert len(sheet.alts) == 1  # the plan alone


def drawn(desk: Desk, case: dict[str, Any]) -> tuple[SitePlan, str]:
    x, y = desk.centres[BENSHEIM]
    area = shapely.box(x, y, x + 4, y + 3)
    with spoken(desk, OWN) as session:
        period = Interval(datetime.fromisoformat("2026-01-01T00:00:00Z"), None)
        plan = draw_site_plan(
            session, permit_id=case["permit_id"], town=BENSHEIM, area=area, period=period, language="de"
        )
    return plan, b64decode(plan.picture.partition("base64,")[2]).decode()


def test_the_plan_is_to_scale_and_shows_what_is_published_only(desk: Desk) -> None:
    street(desk)
    case, granted, asked = desk.file(), desk.file(8, 0, takes=[], use_type="infostand"), desk.file(-12, 0)
    assert desk.move(granted["reference"], "in_review").status_code == 200
    found = desk.client.get(f"/api/v1/permits/{granted['reference']}", headers=desk.key()).json()
    overrides = [
        {"finding": one["id"], "reason": "x"}
        for one in found["properties"]["findings"]
        if one["needed_for_grant"] or one["severity"] == "block"
    ]
    moved = desk.move(granted["reference"], "granted", desk.key("supervisor"), overrides=overrides)
    assert moved.status_code == 200, moved.text
    plan, svg = drawn(desk, case)
    assert plan.scale == 250
    assert [one.reference for one in plan.neighbours] == [granted["reference"]]
    assert asked["reference"] not in svg
    mine = re.findall(r'd="([^"]+)" fill="#a3123a"', svg)
    (corners,) = [[tuple(map(float, p.split())) for p in re.split("[MLZ]", d) if p] for d in mine]
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    assert (max(xs) - min(xs), max(ys) - min(ys)) == pytest.approx((16, 12), abs=0.02)  # 4 × 3 m at 1:250
    assert "4,0 m" in svg
    assert "3,0 m" in svg
    assert "Nibelungenstraße" in svg
    assert "Maßstab 1:250" in svg
    strips = [(one["strip"], round(one["width_m"], 2)) for one in plan.sections[0].strips]
    assert strips == [("footway", 2), ("carriageway", 6), ("footway", 2)]
    # footways reach 5 m to either side of the axis, which runs along the lower edge of the area: 20 mm each
    (footway,) = re.findall(r'd="([^"]+)" fill="#ece7dc"', svg)
    heights = [float(p.split()[1]) for p in re.split("[MLZ]", footway) if p]
    assert max(heights) - min(heights) == pytest.approx(40, abs=0.1)


def test_a_plan_of_something_large_is_drawn_smaller(desk: Desk) -> None:
    body = {**desk.body(), "geometry": desk.draw(w=300, h=20)}
    case = desk.client.post("/api/v1/permits", json=body).json()
    sheet = sheet_of(desk, case, "site-plan.pdf")
    assert "Lageplan im Maßstab 1:5000" in sheet.alts[0]
    assert sheet.pages == 1


def test_text_of_strangers_stays_text_in_a_plan(desk: Desk) -> None:
    street(desk)
    with owner_session(desk.database) as owner:
        owner.execute(text("SELECT set_config('app.actor', 'operator', true)"))
        owner.execute(text("UPDATE road_segment SET street_name = '<image href=\"file:///etc/passwd\"/>&'"))
    case = desk.file()
    _, svg = drawn(desk, case)
    assert "<image" not in svg
    assert "&lt;image" in svg
    sheet_of(desk, case, "site-plan.pdf")


@pytest.mark.parametrize("language", ["de", "en"])
def test_each_use_has_a_form(standing_desk: Desk, language: str) -> None:
    page = standing_desk.client.get(f"/towns/bensheim/forms?lang={language}")
    links = re.findall(r'href="(/towns/bensheim/forms/[^"]+)"', page.text)
    assert len(links) == len(use_types())
    chosen = [
        link for link in links if "kran.pdf" in link or "plakat.pdf" in link
    ]  # a sheet costs half a second
    for link in chosen:
        answer = standing_desk.client.get(link)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
        sheet = read_sheet(answer.content)
        assert (sheet.language, sheet.pages) == (language, 2)
        proof = {"de": "Standsicherheitsnachweis", "en": "Proof of stability"}[language]
        assert (proof in sheet.text) == ("kran.pdf" in link)
        assert len(sheet.alts) == 1
    assert standing_desk.client.get("/towns/bensheim/forms/raumschiff.pdf").status_code == 404
    assert standing_desk.client.get("/towns/nowhere/forms/kran.pdf").status_code == 404


def test_the_forms_are_reached_from_the_portal_and_the_town(standing_desk: Desk) -> None:
    for page in ("/", "/towns/bensheim/", "/towns/bensheim/apply"):
        assert 'href="/towns/bensheim/forms' in standing_desk.client.get(page).text, page


def test_lonlat_is_what_was_drawn(desk: Desk) -> None:
    """The middle that the plan names is the middle of what was sent, to the decimetre."""
    case = desk.file()
    plan, _ = drawn(desk, case)
    sent = shapely.geometry.shape(desk.draw()).centroid
    named = to_lonlat(shapely.Point(plan.middle))
    assert (named.x, named.y) == pytest.approx((sent.x, sent.y), abs=2e-6)
