"""How often the neighbour is told of what a desk draws, by whom, and what becomes of the mail."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import event, text
from sqlalchemy.orm import Session

from geo_service.db.database import speak_as
from tests.messages.border_objects import change, drawn, enter, told
from tests.messages.test_border import border, give_office, grant_over, the_day_before
from tests.objects.conftest import PATHS, address, delete, feature, put
from tests.permits.at_border import Border
from tests.permits.conftest import BENSHEIM, HEPPENHEIM, Desk

__all__ = ["border"]


def test_once_a_day_and_again_only_where_it_now_blocks(border: Border) -> None:
    desk, path = border.desk, "construction-sites"
    border.file(HEPPENHEIM)
    site = enter(border, path, state="planned")
    (first,) = told(desk, path, site)
    assert "(zu prüfen)" in first["text"] and "(steht dagegen)" not in first["text"]
    for over_m in (-8, 1, -8, 1):  # there and back
        site = change(border, path, site, state="planned", over_m=over_m)
    assert len(told(desk, path, site)) == 1
    site = change(border, path, site, state="confirmed")  # binding: theirs is blocked
    _, second = told(desk, path, site)
    assert "(steht dagegen)" in second["text"]
    site = change(border, path, site, state="planned")
    site = change(border, path, site, state="planned", over_m=-8)
    site = change(border, path, site, state="planned")  # a warning, on the day on which the block was told
    assert len(told(desk, path, site)) == 2
    the_day_before(desk, timedelta(days=1))
    site = change(border, path, site, state="planned", title="Anders")
    assert len(told(desk, path, site)) == 2  # another day, nothing new
    site = change(border, path, site, state="planned", over_m=-8)
    site = change(border, path, site, state="planned")
    assert len(told(desk, path, site)) == 3
    assert delete(desk, path, site).status_code == 200
    assert len(told(desk, path, site)) == 3  # what is cancelled hinders nobody


def test_a_block_that_was_told_is_not_followed_by_a_warning_of_the_same_day(border: Border) -> None:
    desk, path = border.desk, "construction-sites"
    theirs = border.file(HEPPENHEIM)
    grant_over(desk, theirs, desk.key("supervisor", HEPPENHEIM))
    site = enter(border, path, state="planned")
    assert "(steht dagegen)" in told(desk, path, site)[0]["text"]
    site = change(border, path, site, state="planned", over_m=-8)
    given_back = desk.move(theirs["reference"], "surrendered", {"X-Permit-Token": theirs["token"]})
    assert given_back.status_code == 200, given_back.text
    border.file(HEPPENHEIM)
    site = change(border, path, site, state="planned")
    assert len(told(desk, path, site)) == 1


def test_what_is_refused_has_told_nobody(border: Border) -> None:
    desk = border.desk
    theirs = border.file(HEPPENHEIM)
    grant_over(desk, theirs, desk.key("supervisor", HEPPENHEIM))
    body = drawn(border, "construction-sites", state="confirmed")
    assert desk.client.post(address("construction-sites"), json=body, headers=desk.key()).status_code == 409
    with Session(desk.app.state.engine) as session:
        speak_as(session, actor="clerk", town=BENSHEIM)
        assert session.execute(text("SELECT kind FROM message")).all() == []


def test_a_supervisors_override_in_the_same_step_is_no_news(border: Border) -> None:
    desk, path = border.desk, "construction-sites"
    theirs = border.file(HEPPENHEIM)
    grant_over(desk, theirs, desk.key("supervisor", HEPPENHEIM))
    site = enter(border, path, state="planned", over_m=-8)
    body, key = drawn(border, path, state="confirmed"), desk.key("supervisor")
    refused = put(desk, path, site, body, **key)
    assert refused.status_code == 409, refused.text
    over = [{"finding": each["id"], "reason": "Abgestimmt."} for each in refused.json()["findings"]]
    answer = put(desk, path, site, drawn(border, path, state="confirmed", overrides=over), **key)
    assert answer.status_code == 200, answer.text
    assert told(desk, path, site) == []


def test_the_interface_of_ogc_tells_as_well(border: Border) -> None:
    desk = border.desk
    border.file(HEPPENHEIM)
    items = "/ogc/collections/construction_sites/items"
    answer = desk.client.post(
        items, json=drawn(border, "construction-sites", over_m=-8, state="planned"), headers=desk.key()
    )
    assert answer.status_code == 201, answer.text
    site = answer.json()
    assert told(desk, "construction-sites", site) == []
    head = {**desk.key(), "If-Match": answer.headers["etag"], "Content-Type": "application/merge-patch+json"}
    moved = desk.client.patch(f"{items}/{site['id']}", json={"geometry": border.area(BENSHEIM)}, headers=head)
    assert moved.status_code == 200, moved.text
    assert len(told(desk, "construction-sites", site)) == 1


def test_neighbours_without_an_office_and_conflicts_within_a_town_tell_nobody(border: Border) -> None:
    desk = border.desk
    desk.file()
    site = desk.client.post(
        address("construction-sites"),
        json=feature(desk, "construction-sites", state="planned"),
        headers=desk.key(),
    ).json()
    assert site["properties"]["findings"] and told(desk, "construction-sites", site) == []
    give_office(desk, HEPPENHEIM, None)
    border.file(HEPPENHEIM)
    assert told(desk, "construction-sites", enter(border, "construction-sites", state="planned")) == []


def test_what_crosses_no_border_asks_nothing_more(desk: Desk) -> None:
    asked: list[str] = []
    event.listen(desk.app.state.engine, "before_cursor_execute", lambda *call: asked.append(str(call[2])))
    desk.file()
    for path in PATHS:
        answer = desk.client.post(address(path), json=feature(desk, path), headers=desk.key())
        assert answer.status_code in (201, 409), answer.text
    assert asked and not [one for one in asked if "worse_since" in one]
