"""How often the neighbour is told of what a desk draws, by whom, and what becomes of the mail."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import event, text
from sqlalchemy.orm import Session

from geo_service.db.database import owner_session, speak_as
from tests.messages.border_objects import change, drawn, enter, told
from tests.messages.conftest import Post, work
from tests.messages.test_border import OFFICE, border, give_office, grant_over, the_day_before
from tests.objects.conftest import PATHS, address, delete, feature, put
from tests.permits.at_border import Border
from tests.permits.conftest import BENSHEIM, HEPPENHEIM, Desk
from tests.permits.life import begin, of_case, step, tick

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


def test_a_mail_that_is_refused_is_shown_at_the_site_and_sent_again_from_there(
    border: Border, open_post: Callable[..., Post]
) -> None:
    desk, path = border.desk, "construction-sites"
    border.file(HEPPENHEIM)
    site = enter(border, path, state="planned", title="Kanal <b>")
    post = open_post(rcpt=["550 unknown"] * 9)
    work(desk, post.server)
    (one,) = told(desk, path, site)
    assert (one["state"], one["attempts"], one["fault"]) == ("failed", 1, "550 unknown")
    desk_page = "/towns/bensheim/desk"
    key = desk.key()
    place = f"{desk_page}/{path}/{site['id']}"
    shown = desk.client.get(place, headers=key).text
    assert 'data-state="failed"' in shown and "550 unknown" in shown and OFFICE in shown
    assert "Hinweis an die Nachbarkommune" in shown and "[Link zur Konfliktliste der Nachbarkommune]" in shown
    assert "Kanal &lt;b&gt;" in shown and "Kanal <b>" not in shown
    assert "nicht zugestellt sind" in desk.client.get(desk_page, headers=key).text
    listed = desk.client.get(f"{desk_page}/messages?view=trouble", headers=key).text
    assert f'href="{place}#messages">Baustelle</a>' in listed and f'action="{place}/messages"' in listed
    assert desk.client.get(f"{desk_page}/messages?view=trouble&lang=en", headers=key).status_code == 200
    again = desk.client.post(
        f"{place}/messages?lang=en", data={"message_id": one["id"]}, headers=key, follow_redirects=False
    )
    assert (again.status_code, again.headers["location"]) == (303, f"{place}?lang=en")
    post.rcpt.clear()
    work(desk, post.server)
    assert [mail["To"] for mail in post.mails if mail["To"] == OFFICE] == [OFFICE]
    assert told(desk, path, site)[0]["state"] == "sent"


def test_a_message_is_sent_again_only_from_what_it_is_about(border: Border) -> None:
    desk, path = border.desk, "construction-sites"
    case = border.file(BENSHEIM)
    border.file(HEPPENHEIM)
    site = enter(border, path, state="planned")
    work(desk, None)
    (one,) = told(desk, path, site)
    assert one["state"] == "not_configured"
    key = desk.key()
    event_ = enter(border, "events", over_m=-8)
    for about in (f"{address('events', event_['id'])}", f"/api/v1/permits/{case['reference']}"):
        assert desk.client.post(f"{about}/messages/{one['id']}/resend", headers=key).status_code == 404
    resend = f"{address(path, site['id'])}/messages/{one['id']}/resend"
    assert desk.client.post(resend, headers=key).status_code == 200
    assert desk.client.post(resend, headers=key).status_code == 409  # on its way


def test_a_worker_that_dies_while_the_server_takes_it_leaves_it_unknown(
    border: Border, open_post: Callable[..., Post]
) -> None:
    desk, path = border.desk, "construction-sites"
    border.file(HEPPENHEIM)
    site = enter(border, path, state="planned")
    with owner_session(desk.database) as owner:
        owner.execute(text(f"SELECT set_config('app.town', '{BENSHEIM}', true)"))
        owner.execute(
            text("UPDATE message SET state = 'handing_over', attempt = 1 WHERE object_id IS NOT NULL")
        )
    post = open_post()
    work(desk, post.server)
    assert [mail for mail in post.mails if mail["To"] == OFFICE] == []  # twice would be worse
    assert told(desk, path, site)[0]["state"] == "unknown"


def test_the_towns_own_words_are_used_for_a_site_too(border: Border) -> None:
    desk = border.desk
    with owner_session(desk.database) as owner:
        own = (
            '{"de": {"border_finding": "Achtung ${reference}\\n\\nIn ${street}: ${what} (${use}): ${link}"}}'
        )
        set_it = "UPDATE town SET settings = jsonb_set(settings, '{messages}', CAST(:own AS jsonb)) WHERE ags = :town"
        owner.execute(text(set_it), {"own": own, "town": BENSHEIM})
    border.file(HEPPENHEIM)
    site = enter(border, "construction-sites", state="planned")
    (one,) = told(desk, "construction-sites", site)
    assert one["subject"] == "Achtung keines" and "eine Baustelle (Kanal): […]" in one["text"]


def test_a_dig_that_is_accepted_with_its_site_tells_of_the_warranty(border: Border) -> None:
    desk, path = border.desk, "construction-sites"
    yesterday = (datetime.now(UTC).date() - timedelta(days=1)).isoformat()
    site = enter(border, path, state="active", excavation=True, **{"from": yesterday, "until": yesterday})
    border.file(HEPPENHEIM, use_type="aufgrabung")
    ended = {
        "state": "ended",
        "excavation": True,
        "accepted_on": yesterday,
        "from": yesterday,
        "until": yesterday,
    }
    site = change(border, path, site, **ended)
    (closed,) = desk.client.get(address("reinstatements"), headers=desk.key()).json()["features"]
    (one,) = told(desk, "reinstatements", closed)
    assert "K21" in one["text"] and "ein abgenommener Aufbruch in Bensheim" in one["text"]
    assert told(desk, path, site) == []


def test_a_dig_that_is_accepted_with_its_case_tells_of_the_warranty(border: Border) -> None:
    desk = border.desk
    dug = border.file(BENSHEIM, use_type="aufgrabung")
    _, end = begin(desk, dug)
    later = (end + timedelta(days=30)).date().isoformat()
    border.file(HEPPENHEIM, use_type="aufgrabung", **{"from": later, "until": later})
    tick(desk, end)
    assert of_case(desk, dug["reference"])["status"] == "ended"
    step(desk, dug["reference"], "accepted", at=end + timedelta(hours=10))
    (closed,) = desk.client.get(address("reinstatements"), headers=desk.key()).json()["features"]
    (one,) = told(desk, "reinstatements", closed)
    assert "K21" in one["text"] and "ein abgenommener Aufbruch in Bensheim" in one["text"]
    assert "Mustermann" not in one["text"]
