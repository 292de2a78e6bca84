"""The neighbour town's office is told of what a desk draws: sites, events, detours and places with a rule of their own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from shapely.geometry import LineString, mapping
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo_service.crs import to_lonlat
from geo_service.db.database import speak_as
from tests.messages.border_objects import along, drawn, enter, lay_street, mails_to_office, told
from tests.messages.conftest import Post, messages_of
from tests.messages.test_border import OFFICE, border, grant_over
from tests.objects.conftest import LEAST, PATHS, address
from tests.permits.at_border import Border
from tests.permits.conftest import BENSHEIM, HEPPENHEIM

__all__ = ["border"]

CALLED = {
    "construction-sites": "eine Baustelle", "events": "eine Veranstaltung", "detours": "eine Umleitung",
    "blackouts": "eine Sperrzeit", "no-dig-periods": "eine Aufgrabungssperre",
    "reinstatements": "ein abgenommener Aufbruch", "fire-areas": "eine Feuerwehrfläche",
}  # fmt: skip


def test_a_site_that_is_drawn_beside_the_neighbours_permit_tells_its_office(
    border: Border, post: Post
) -> None:
    desk = border.desk
    theirs = border.file(HEPPENHEIM)
    grant_over(desk, theirs, desk.key("supervisor", HEPPENHEIM))
    site = enter(border, "construction-sites", state="planned", case_number="BS-7")
    (mail,) = mails_to_office(desk, post)
    said = mail.get_content()
    assert mail["Subject"] == "Bensheim: Konflikt an der Grenze zu Ihrer Kommune"
    assert mail["Reply-To"] == "strassenraum@bensheim.example"
    assert "eine Baustelle in Bensheim betrifft etwas in Ihrer Kommune" in said and "Vorgang" not in said
    assert "Nutzung:      Kanal" in said and "BS-7" in said
    assert "K01" in said and "HStrG § 16" in said and "(steht dagegen)" in said
    assert f"Betroffen bei Ihnen: Gerüst ({theirs['reference']})" in said
    # The link leads to the neighbour's own list, and whoever is at that desk can open it.
    assert said.count("https://") == 1 and "token" not in said and "\ue000" not in said and "${" not in said
    (link,) = [line for line in said.splitlines() if line.startswith("https://")]
    path = link.removeprefix("https://strassen.example.org/amt")
    listed = desk.client.get(path, headers=desk.key(town=HEPPENHEIM))
    assert path == "/towns/heppenheim/desk/conflicts" and listed.status_code == 200 and "Kanal" in listed.text
    assert desk.client.get(path, headers=desk.key()).status_code == 403
    assert [(one["kind"], one["state"]) for one in told(desk, "construction-sites", site)] == [
        ("border_finding", "sent")
    ]


THEIRS: dict[str, dict[str, Any]] = {
    "no-dig-periods": {"use_type": "aufgrabung"}, "reinstatements": {"use_type": "aufgrabung"},
}  # fmt: skip


@pytest.mark.parametrize("path", [path for path in PATHS if path != "detours"])
def test_every_kind_is_told_by_its_own_name(border: Border, path: str) -> None:
    desk = border.desk
    theirs = border.file(HEPPENHEIM, **THEIRS.get(path, {}))
    more = (
        {"accepted_on": (datetime.now(UTC).date() - timedelta(days=1)).isoformat()}
        if path == "reinstatements"
        else {}
    )
    if path == "construction-sites":
        more = {"state": "planned"}
    stored = enter(border, path, **more)
    (one,) = told(desk, path, stored)
    assert one["recipient"] == OFFICE and f"{CALLED[path]} in Bensheim betrifft" in one["text"]
    assert f"Nutzung:      {LEAST[path]['title']}" in one["text"] and "Aktenzeichen: keines" in one["text"]
    assert "Betroffen bei Ihnen:" in one["text"] and theirs["reference"] not in one["text"]  # undecided


def test_a_detour_through_the_neighbours_closure_is_told(border: Border) -> None:
    desk = border.desk
    lay_street(border)
    closed = {"restriction": "full_closure", "state": "planned", "takes": ["carriageway"]}
    body = {
        **drawn(border, "construction-sites", HEPPENHEIM, **closed),
        "geometry": along(border, -30, -5, -3, 3),
    }
    key = desk.key(town=HEPPENHEIM)
    answer = desk.client.post(address("construction-sites"), json=body, headers=key)
    assert answer.status_code == 201, answer.text
    dx, dy = next(to for to, towns in border.sides.items() if towns == [BENSHEIM])
    way = LineString([(border.x + side * 38 * dx, border.y + side * 38 * dy) for side in (-1, 1)])
    sent = {"type": "Feature", "geometry": dict(mapping(to_lonlat(way))), "properties": LEAST["detours"]}
    answer = desk.client.post(address("detours"), json=sent, headers=desk.key())
    assert answer.status_code == 201, answer.text
    (one,) = told(desk, "detours", answer.json())
    assert "eine Umleitung in Bensheim" in one["text"] and "K10" in one["text"] and "Grenzweg" in one["text"]


def test_a_footway_that_gets_too_narrow_over_there_is_told_without_its_measure(border: Border) -> None:
    """The finding is theirs alone: our desk is told the rule, not what was measured at the other desk's case."""
    desk = border.desk
    lay_street(border, footway_width_left_m=2.5, footway_width_right_m=2.5)
    scaffold = {**desk.body(takes=["footway"]), "geometry": along(border, -12, -0.5, 3.0, 4.0)}
    theirs = desk.client.post("/api/v1/permits", json=scaffold).json()
    assert theirs["town"] == HEPPENHEIM
    body = drawn(border, "construction-sites", state="planned", takes=["footway"])
    sent = {**body, "geometry": along(border, -1, 12, 4.5, 5.5)}
    answer = desk.client.post(address("construction-sites"), json=sent, headers=desk.key())
    assert answer.status_code == 201, answer.text
    (one,) = told(desk, "construction-sites", answer.json())
    assert "K04" in one["text"] and "RSA 21" in one["text"] and "Grenzweg" in one["text"]
    assert "Betroffen bei Ihnen: Gerüst\n" in one["text"] and theirs["reference"] not in one["text"]
    listed = desk.client.get("/api/v1/conflicts", headers=desk.key(town=HEPPENHEIM)).json()["conflicts"]
    (finding,) = [each for each in listed if each["number"] == "K04"]
    assert "0,5 m" in finding["explanation"]["de"] and "0,5" not in one["text"] and "1,3" not in one["text"]
    ours = desk.client.get("/api/v1/conflicts", headers=desk.key()).json()["conflicts"]
    assert finding["id"] not in [each["id"] for each in ours]  # which is why


def test_a_case_tells_of_a_footway_that_it_narrows_over_there(border: Border) -> None:
    desk = border.desk
    lay_street(border, footway_width_left_m=2.5, footway_width_right_m=2.5)
    body = drawn(
        border, "construction-sites", HEPPENHEIM, state="planned", takes=["footway"], title="Leitung"
    )
    theirs = {**body, "geometry": along(border, -12, -0.5, 3.0, 4.0)}
    key = desk.key(town=HEPPENHEIM)
    answer = desk.client.post(address("construction-sites"), json=theirs, headers=key)
    assert answer.status_code == 201, answer.text
    stated = desk.body(takes=["footway"])
    stated["properties"]["town"] = BENSHEIM  # it may lie in either of them, as far as the border is known
    scaffold = {**stated, "geometry": along(border, -1, 12, 4.5, 5.5)}
    filed = desk.client.post("/api/v1/permits", json=scaffold).json()
    assert filed["town"] == BENSHEIM
    (one,) = [each for each in messages_of(desk, filed) if each["kind"] == "border_finding"]
    assert "ein Vorgang in Bensheim" in one["text"] and "K04" in one["text"] and "0,5" not in one["text"]
    assert "Betroffen bei Ihnen: Leitung" in one["text"]


def test_nothing_that_either_desk_does_not_show_is_said(border: Border) -> None:
    desk = border.desk
    theirs = border.file(HEPPENHEIM, purpose="Geheimer Zweck")  # undecided
    hidden = enter(
        border, "construction-sites", state="planned", is_public=False, case_number="BS-GEHEIM", phone_24h="06251 700700"
    )  # fmt: skip
    (one,) = told(desk, "construction-sites", hidden)
    neighbour = desk.client.get("/api/v1/conflicts", headers=desk.key(town=HEPPENHEIM)).json()["conflicts"]
    (listed,) = [each for each in neighbour if each["number"] == "K01"]
    assert "BS-GEHEIM" not in str(listed) and "Kanal" in str(listed)
    for secret in (theirs["reference"], "GEHEIM", "Geheim", "700700", "Mustermann", "erika"):
        assert secret not in one["text"] + one["subject"], secret
    assert (
        "Aktenzeichen: noch nicht öffentlich" in one["text"]
        and "Betroffen bei Ihnen: Gerüst\n" in one["text"]
    )


def test_the_neighbour_the_public_and_an_applicant_read_no_message_of_ours(border: Border) -> None:
    desk = border.desk
    theirs = border.file(HEPPENHEIM)
    site = enter(border, "construction-sites", state="planned")
    (one,) = told(desk, "construction-sites", site)
    path = f"{address('construction-sites', site['id'])}/messages"
    for key in (desk.key(town=HEPPENHEIM), desk.key("reader", BENSHEIM), {}):
        assert desk.client.get(path, headers=key).status_code in (401, 403, 404)
        assert desk.client.post(f"{path}/{one['id']}/resend", headers=key).status_code in (401, 403, 404)
    speakers: list[dict[str, Any]] = [
        {"actor": "applicant", "case": str(theirs["permit_id"])}, {"actor": "public"}, {"actor": "clerk", "town": HEPPENHEIM},
    ]  # fmt: skip
    for speaker in speakers:
        with Session(desk.app.state.engine) as session:
            speak_as(session, **speaker)
            assert session.execute(text("SELECT 1 FROM message WHERE object_id IS NOT NULL")).all() == []
