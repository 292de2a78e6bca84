"""The neighbour town's office is told of findings across the border: when, how often, and of nothing it may not see."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from shapely import LineString
from sqlalchemy import event, text
from sqlalchemy.orm import Session

from geo_service.conflicts.recompute_due import recompute_town, work_off
from geo_service.conflicts.town_conflicts import screen_town_anew
from geo_service.db.database import operator_session, owner_session, speak_as
from geo_service.roads.save_segments import save_segments
from geo_service.roads.segment import Segment
from tests.messages.conftest import Post, messages_of, states, work
from tests.permits.at_border import Border
from tests.permits.conftest import BENSHEIM, HEPPENHEIM, Desk

OFFICE = "strassenraum@heppenheim.example"


@pytest.fixture
def border(desk: Desk) -> Border:
    """Both towns take part: Heppenheim's office has an address, too."""
    give_office(desk, HEPPENHEIM, OFFICE)
    return Border(desk)


def give_office(desk: Desk, town: str, office: str | None) -> None:
    with owner_session(desk.database) as owner:
        set_it = "UPDATE town SET settings = jsonb_set(settings, '{mail}', jsonb_build_object('office', CAST(:office AS text))) WHERE ags = :town"
        owner.execute(text(set_it), {"town": town, "office": office})


def told(desk: Desk, receipt: dict[str, Any], town: str = BENSHEIM) -> list[dict[str, Any]]:
    """What a case has said to neighbours."""
    return [one for one in messages_of(desk, receipt, desk.key(town=town)) if one["kind"] == "border_finding"]


def test_filing_beside_the_neighbours_permit_tells_its_office_once(border: Border, post: Post) -> None:
    desk = border.desk
    axis = LineString([(border.x - 30, border.y), (border.x + 30, border.y)])
    made = Segment(
        segment_id="test:g", axis=axis, start_node="a", end_node="b", street_name="Grenzweg",
        road_class="gemeindestrasse", source_id="g", modes=frozenset({"car", "foot"}),
    )  # fmt: skip
    with operator_session(desk.app.state.engine) as session:
        save_segments(session, [made], "test")
    theirs = border.file(HEPPENHEIM)
    grant_over(desk, theirs, desk.key("supervisor", HEPPENHEIM))
    ours = border.file(BENSHEIM)
    work(desk, post.server)
    (mail,) = [mail for mail in post.mails if mail["To"] == OFFICE]
    said = mail.get_content()
    assert mail["Subject"] == "Bensheim: Konflikt an der Grenze zu Ihrer Kommune"
    assert mail["Reply-To"] == "strassenraum@bensheim.example"
    assert "K01" in said and "HStrG § 16" in said and "(steht dagegen)" in said
    assert f"Betroffen bei Ihnen: Gerüst ({theirs['reference']})" in said
    assert "Gerüst" in said and "https://strassen.example.org/amt/towns/heppenheim/desk/conflicts" in said
    assert "Grenzweg" in said and said.rstrip().endswith("strassenraum@bensheim.example")
    assert "token" not in said and "\ue000" not in said and "${" not in said and "{other" not in said
    assert ("border_finding", "sent") in states(desk, ours)


def test_the_mail_holds_nothing_that_either_desk_does_not_show(border: Border) -> None:
    desk = border.desk
    theirs = border.file(HEPPENHEIM, purpose="Geheimer Zweck")  # undecided, as ours is
    ours = border.file(BENSHEIM, purpose="Geheimer Grund", address_text="Geheimweg 1")
    (one,) = told(desk, ours)
    for secret in (ours["reference"], theirs["reference"], "Mustermann", "erika", "06251 1", "Geheim"):
        assert secret not in one["text"] + one["subject"], secret
    assert "noch nicht öffentlich" in one["text"] and "Betroffen bei Ihnen: Gerüst" in one["text"]
    neighbour = desk.client.get("/api/v1/conflicts", headers=desk.key(town=HEPPENHEIM)).json()["conflicts"]
    shown = [each for each in neighbour if each["number"] == "K01"]
    assert shown and shown[0]["explanation"]["de"] in one["text"]
    assert told(desk, theirs, HEPPENHEIM) == []  # nothing was in its way when it was filed
    # The applicant and the neighbour's desk read the case's messages without it, or not at all.
    path = f"/api/v1/permits/{ours['reference']}/messages"
    assert desk.client.get(path, headers=desk.key(town=HEPPENHEIM)).status_code in (403, 404)
    with Session(desk.app.state.engine) as session:
        speak_as(session, actor="applicant", case=str(ours["permit_id"]))
        seen = session.execute(text("SELECT kind FROM message")).scalars().all()
        assert seen == ["receipt"]


def test_a_grant_that_blocks_what_only_warned_is_told_again_with_the_reference(border: Border) -> None:
    desk = border.desk
    border.file(HEPPENHEIM)
    ours = border.file(BENSHEIM)
    (first,) = told(desk, ours)
    assert "(zu prüfen)" in first["text"] and "(steht dagegen)" not in first["text"]
    key = desk.key("supervisor")
    assert desk.move(ours["reference"], "in_review", key).status_code == 200
    assert len(told(desk, ours)) == 1  # a step that changes nothing for the neighbour
    answer = desk.move(ours["reference"], "granted", key)
    if answer.status_code != 200:
        over = [{"finding": each["id"], "reason": "Geprüft."} for each in answer.json()["findings"]]
        assert len(told(desk, ours)) == 1  # what is rolled back has told nobody
        answer = desk.move(ours["reference"], "granted", key, overrides=over)
    assert answer.status_code == 200, answer.text
    _, second = told(desk, ours)
    assert "(steht dagegen)" in second["text"] and ours["reference"] in second["text"]


def test_computing_anew_tells_nobody(border: Border) -> None:
    desk = border.desk
    border.file(HEPPENHEIM)
    ours = border.file(BENSHEIM)
    engine = desk.app.state.engine
    with operator_session(engine) as session:
        found = recompute_town(session, BENSHEIM, reason="rules")
        assert found is not None
    work_off(engine, found, now=lambda: datetime.now(UTC))
    with operator_session(engine) as session:
        screen_town_anew(session, HEPPENHEIM, as_of=datetime.now(UTC))
        session.execute(text("DELETE FROM finding"))
        screen_town_anew(session, BENSHEIM, as_of=datetime.now(UTC))  # all of them new, by nobody's step
    assert len(told(desk, ours)) == 1


def test_a_change_that_makes_nothing_worse_tells_nobody_again(border: Border) -> None:
    desk = border.desk
    border.file(HEPPENHEIM)
    ours = border.file(BENSHEIM)
    neighbours = desk.client.get("/api/v1/conflicts", headers=desk.key(town=HEPPENHEIM)).json()["conflicts"]
    for one in neighbours:
        head = {**desk.key(town=HEPPENHEIM), "If-Match": f'"{one["version"]}"'}
        desk.client.patch(f"/api/v1/findings/{one['id']}", json={"status": "accepted"}, headers=head)
    put(desk, ours, border.body(BENSHEIM, purpose="anders"))
    assert len(told(desk, ours)) == 1


def test_a_settled_finding_is_not_told_on_another_day(border: Border) -> None:
    desk = border.desk
    border.file(HEPPENHEIM)
    ours = border.file(BENSHEIM, over_m=-8)
    assert told(desk, ours) == []  # beside each other: a remark only
    put(desk, ours, border.body(BENSHEIM))
    assert len(told(desk, ours)) == 1
    put(desk, ours, border.body(BENSHEIM, over_m=-8))
    put(desk, ours, border.body(BENSHEIM))
    assert len(told(desk, ours)) == 1  # there and back on one day
    put(desk, ours, border.body(BENSHEIM, over_m=-8))
    the_day_before(desk, timedelta(days=1))
    put(desk, ours, border.body(BENSHEIM))
    assert len(told(desk, ours)) == 2  # another day, and new again
    the_day_before(desk, timedelta(days=1))
    put(desk, ours, border.body(BENSHEIM, purpose="anders"))
    assert len(told(desk, ours)) == 2  # another day, nothing new


def put(desk: Desk, receipt: dict[str, Any], body: dict[str, Any]) -> None:
    path = f"/api/v1/permits/{receipt['reference']}"
    version = desk.client.get(path, headers=desk.key()).headers["etag"]
    answer = desk.client.put(path, json=body, headers={**desk.key(), "If-Match": version})
    assert answer.status_code == 200, answer.text


def the_day_before(desk: Desk, days: timedelta) -> None:
    """As if what was told until now had been told on earlier days."""
    with owner_session(desk.database) as owner:
        owner.execute(
            text(
                f"SELECT set_config('app.actor', 'system', true), set_config('app.town', '{BENSHEIM}', true)"
            )
        )
        owner.execute(
            text("UPDATE message SET once = once || ' earlier ' || message_id WHERE kind = 'border_finding'")
        )


def test_conflicts_within_a_town_and_neighbours_without_an_office_tell_nobody(border: Border) -> None:
    desk = border.desk
    desk.file()
    assert told(desk, desk.file(1, 1)) == []
    give_office(desk, HEPPENHEIM, None)
    border.file(HEPPENHEIM)
    assert told(desk, border.file(BENSHEIM)) == []


def test_a_case_that_crosses_no_border_asks_nothing_more(desk: Desk) -> None:
    asked: list[str] = []
    event.listen(desk.app.state.engine, "before_cursor_execute", lambda *call: asked.append(str(call[2])))
    desk.file()
    assert desk.grant(desk.file(1, 1)).status_code in (200, 409)
    assert asked and not [one for one in asked if "worse_since" in one]


def test_the_towns_own_words_are_used(border: Border) -> None:
    desk = border.desk
    with owner_session(desk.database) as owner:
        own = '{"de": {"border_finding": "Achtung ${reference}\\n\\nIn ${street} (${use}): ${link}"}}'
        owner.execute(
            text(
                "UPDATE town SET settings = jsonb_set(settings, '{messages}', CAST(:own AS jsonb)) WHERE ags = :town"
            ),
            {"own": own, "town": BENSHEIM},
        )
    border.file(HEPPENHEIM)
    (one,) = told(desk, border.file(BENSHEIM))
    assert one["subject"] == "Achtung noch nicht öffentlich" and "(Gerüst)" in one["text"]


def test_a_mail_server_that_is_down_is_asked_again(border: Border, open_post: Callable[..., Post]) -> None:
    desk = border.desk
    border.file(HEPPENHEIM)
    ours = border.file(BENSHEIM)
    post = open_post(rcpt=["451 later"] * 9)
    work(desk, post.server)
    assert ("border_finding", "waiting") in states(desk, ours)


def test_the_other_way_round_and_what_is_overridden_in_the_same_step(border: Border) -> None:
    desk = border.desk
    theirs = border.file(HEPPENHEIM)
    ours = border.file(BENSHEIM)
    grant_over(desk, ours, desk.key("supervisor"))
    # The grant makes our warning a block, and the same step overrides it for both: settled, no news.
    assert "K01" in grant_over(desk, theirs, desk.key("supervisor", HEPPENHEIM))
    assert told(desk, theirs, HEPPENHEIM) == []
    later = border.file(HEPPENHEIM)
    (one,) = told(desk, later, HEPPENHEIM)
    assert one["recipient"] == "strassenraum@bensheim.example" and ours["reference"] in one["text"]


def grant_over(desk: Desk, receipt: dict[str, Any], key: dict[str, str]) -> list[str]:
    """Grant a case over whatever stands against it: the numbers of the rules."""
    assert desk.move(receipt["reference"], "in_review", key).status_code == 200
    answer = desk.move(receipt["reference"], "granted", key)
    against = answer.json().get("findings", []) if answer.status_code == 409 else []
    if against:
        over = [{"finding": each["id"], "reason": "Geprüft."} for each in against]
        answer = desk.move(receipt["reference"], "granted", key, overrides=over)
    assert answer.status_code == 200, answer.text
    return [each["number"] for each in against]
