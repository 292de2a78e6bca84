"""What holds for all seven kinds: entering, reading, changing, cancelling, the record, and who may do it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo_service.db.database import speak_as
from tests.objects.conftest import PATHS, address, delete, entered, feature, line, post, put
from tests.permits.conftest import BENSHEIM, HEPPENHEIM, VIERNHEIM, Desk

every_kind = pytest.mark.parametrize("path", PATHS)


@every_kind
def test_entered_read_changed_and_cancelled(desk: Desk, path: str) -> None:
    first = post(desk, path)
    assert first.status_code == 201, first.text
    stored = first.json()
    assert first.headers["location"] == address(path, stored["id"])
    assert first.headers["etag"] == '"1"'
    sent_back = put(desk, path, stored, {**feature(desk, path), "geometry": stored["geometry"]}).json()
    assert sent_back["properties"]["history"][-1]["fields"] == []  # the same drawing, read in degrees
    stored = sent_back
    assert first.headers["content-type"] == "application/geo+json"
    assert stored["properties"]["town"] == BENSHEIM
    read = desk.client.get(address(path, stored["id"]), headers=desk.key())
    assert read.json()["properties"] == stored["properties"]
    assert read.headers["etag"] == '"2"'

    changed = put(desk, path, stored, feature(desk, path, 1, title="Anders"))
    assert changed.status_code == 200, changed.text
    assert changed.headers["etag"] == '"3"'
    assert changed.json()["properties"]["title"] == "Anders"
    assert changed.json()["geometry"] != stored["geometry"]

    gone = delete(desk, path, changed.json())
    assert gone.status_code == 200, gone.text
    assert gone.json()["properties"]["state"] == "cancelled"
    again = desk.client.get(address(path, stored["id"]), headers=desk.key()).json()
    assert again["properties"]["state"] == "cancelled"
    assert [(step["deed"], step["by"]) for step in again["properties"]["history"]] == [
        (deed, f"clerk {BENSHEIM}") for deed in ("created", "changed", "changed", "cancelled")
    ]
    fields = again["properties"]["history"][2]["fields"]
    assert {"title", "name"} & set(fields) and {"area", "way", "place"} & set(fields)
    assert len(fields) == 2
    assert delete(desk, path, again).status_code == 409
    assert put(desk, path, again, feature(desk, path)).status_code == 409


@every_kind
def test_a_change_needs_the_version_that_was_read(desk: Desk, path: str) -> None:
    stored = entered(desk, path)
    one, body = address(path, stored["id"]), feature(desk, path)
    for verb in ("PUT", "DELETE"):
        sent: dict[str, Any] = {"json": body} if verb == "PUT" else {}
        assert desk.client.request(verb, one, headers=desk.key(), **sent).status_code == 428
        stale = {**desk.key(), "If-Match": '"9"'}
        assert desk.client.request(verb, one, headers=stale, **sent).status_code == 412
    assert desk.client.get(one, headers=desk.key()).headers["etag"] == '"1"'


@every_kind
def test_the_same_post_twice_is_one_object(desk: Desk, path: str) -> None:
    headers = {**desk.key(), "Idempotency-Key": "a"}
    answers = [
        desk.client.post(address(path), json=feature(desk, path, title="Einmal"), headers=headers)
        for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json()["id"] == answers[1].json()["id"]
    assert answers[1].headers["idempotent-replayed"] == "true"
    other = desk.client.post(address(path), json=feature(desk, path, title="Anders"), headers=headers)
    assert other.status_code == 422
    listed = desk.client.get(address(path), headers=desk.key()).json()
    assert listed["numberReturned"] == 1


@every_kind
def test_lists_are_of_the_own_town_and_go_on_page_by_page(desk: Desk, path: str) -> None:
    mine = [entered(desk, path, 300 * number)["id"] for number in range(3)]
    theirs = desk.client.post(
        address(path), json=feature(desk, path, town=VIERNHEIM), headers=desk.key(town=VIERNHEIM)
    )
    assert theirs.status_code == 201, theirs.text
    page = desk.client.get(address(path), params={"town": "bensheim", "limit": 2}, headers=desk.key()).json()
    assert [one["id"] for one in page["features"]] == mine[:0:-1]
    rest = desk.client.get(page["links"][0]["href"], headers=desk.key()).json()
    assert [one["id"] for one in rest["features"]] == mine[:1]
    assert rest["cursor"] is None and "links" not in rest
    refused = desk.client.get(address(path), params={"town": VIERNHEIM}, headers=desk.key())
    assert refused.status_code == 403
    assert desk.client.get(address(path), params={"cursor": "x"}, headers=desk.key()).status_code == 400
    assert desk.client.get(address(path), params={"state": "lost"}, headers=desk.key()).status_code == 400
    over = desk.client.get(address(path), params={"state": "cancelled"}, headers=desk.key()).json()
    assert over["features"] == []


@every_kind
def test_nobody_else_reads_or_writes(desk: Desk, path: str) -> None:
    stored = entered(desk, path)
    one, body = address(path, stored["id"]), feature(desk, path)
    tag = {"If-Match": "*"}
    for headers, read, write in (
        ({}, 401, 401),
        (desk.key("reader", None), 403, 403),
        (desk.key(town=VIERNHEIM), 404, 404),
    ):
        assert desk.client.get(one, headers=headers).status_code == read
        assert desk.client.put(one, json=body, headers={**headers, **tag}).status_code == write
        assert desk.client.delete(one, headers={**headers, **tag}).status_code == write
    for headers, status in (({}, 401), (desk.key("reader", None), 403)):
        assert desk.client.get(address(path), headers=headers).status_code == status
        assert desk.client.post(address(path), json=body, headers=headers).status_code == status
    assert desk.client.get(address(path), headers=desk.key(town=VIERNHEIM)).json()["features"] == []
    assert desk.client.get(one, headers=desk.key()).headers["etag"] == '"1"'


@pytest.mark.parametrize("path", [path for path in PATHS if path != "detours"])
def test_a_desk_enters_nothing_in_another_town(desk: Desk, path: str) -> None:
    there = feature(desk, path, town=HEPPENHEIM)
    assert desk.client.post(address(path), json=there, headers=desk.key()).status_code == 403
    stored = entered(desk, path)
    moved = put(desk, path, stored, there)
    assert moved.status_code == 403
    sea = {
        **there,
        "geometry": {"type": "Polygon", "coordinates": [[[6, 54], [6.001, 54], [6.001, 54.001], [6, 54]]]},
    }
    outside = desk.client.post(address(path), json=sea, headers=desk.key())
    assert outside.status_code == 422
    assert outside.json()["errors"][0]["pointer"] == "/geometry"


@every_kind
def test_what_is_wrong_is_said_with_its_place(desk: Desk, path: str) -> None:
    def pointers(body: Any) -> set[str]:
        answer = desk.client.post(address(path), json=body, headers=desk.key())
        assert answer.status_code == 422, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        return {fault["pointer"] for fault in answer.json()["errors"]}

    good = feature(desk, path)
    assert pointers(feature(desk, path, farbe="rot")) == {"/properties/farbe"}
    assert pointers(feature(desk, path, title=" ")) == {"/properties/title"}
    assert pointers(feature(desk, path, title="a\0b")) == {"/properties/title"}
    assert pointers({**good, "geometry": None}) == {"/geometry"}
    swapped = {"type": "Point", "coordinates": [49.68, 8.62]}
    assert pointers({**good, "geometry": swapped}) == {"/geometry/coordinates"}
    if path in ("construction-sites", "events", "detours", "blackouts", "no-dig-periods"):
        assert "/properties/until" in pointers(feature(desk, path, until="2020-01-01"))
        none = feature(desk, path)
        del none["properties"]["from"], none["properties"]["until"]
        assert pointers(none) == {"/properties/from"}
    malformed = desk.client.post(
        address(path), content=b"{", headers={**desk.key(), "Content-Type": "application/json"}
    )
    assert malformed.status_code == 400
    assert desk.client.get(address(path, "17"), headers=desk.key()).status_code == 422
    assert desk.client.get(address(path), headers=desk.key()).json()["features"] == []


@pytest.mark.parametrize("path", [path for path in PATHS if path != "detours"])
def test_a_line_needs_its_measures(desk: Desk, path: str) -> None:
    drawn = {**feature(desk, path), "geometry": line(desk, (0, 0), (20, 0))}
    answer = desk.client.post(address(path), json=drawn, headers=desk.key())
    assert {fault["pointer"] for fault in answer.json()["errors"]} == {
        "/properties/length_m", "/properties/depth_m",
    }  # fmt: skip
    drawn["properties"] |= {"length_m": 20, "depth_m": 3}
    stored = desk.client.post(address(path), json=drawn, headers=desk.key())
    assert stored.status_code == 201
    assert stored.json()["properties"]["area_m2"] == pytest.approx(60, abs=0.5)


def test_the_record_of_changes_only_grows_and_is_for_the_own_desk(desk: Desk) -> None:
    entered(desk, "blackouts")
    with Session(desk.app.state.engine) as session:
        speak_as(session, actor="clerk", town=VIERNHEIM)
        assert session.execute(text("SELECT count(*) FROM object_change")).scalar_one() == 0
        session.rollback()
        for change in ("UPDATE object_change SET deed = 'changed'", "DELETE FROM object_change"):
            speak_as(session, actor="clerk", town=BENSHEIM)
            assert session.execute(text("SELECT count(*) FROM object_change")).scalar_one() == 1
            with pytest.raises(Exception, match="permission denied"):
                session.execute(text(change))
            session.rollback()
