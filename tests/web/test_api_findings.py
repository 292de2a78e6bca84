"""`/api/v1/conflicts` and `/api/v1/findings`: who sees what, pages, settling, and what a decision rested on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from httpx import Response
from sqlalchemy import text

from geo_service.db.database import owner_session
from geo_service.interval import TOWN_ZONE
from tests.permits.at_border import Border
from tests.permits.conftest import BENSHEIM, HEPPENHEIM, VIERNHEIM, Desk
from tests.web.test_api_description import Described

CONFLICTS, FINDINGS = "/api/v1/conflicts", "/api/v1/findings"
ONE = f"{FINDINGS}/{{finding_id}}"


def conflicts(desk: Desk, headers: dict[str, str] | None = None, **asked: Any) -> list[dict[str, Any]]:
    answer = desk.client.get(CONFLICTS, params=asked, headers=headers or desk.key())
    assert answer.status_code == 200, answer.text
    return list(answer.json()["conflicts"])


def settle(
    desk: Desk, one: dict[str, Any], status: str, headers: dict[str, str] | None = None, **more: Any
) -> Response:
    match = {"If-Match": more.pop("match", f'"{one["version"]}"')}
    answer: Response = desk.client.patch(
        f"{FINDINGS}/{one['id']}",
        json={"status": status, **more},
        headers={**(headers or desk.key()), **match},
    )
    return answer


def pair(desk: Desk) -> tuple[dict[str, Any], dict[str, Any]]:
    """A granted scaffold and a request over it."""
    first = desk.file()
    assert desk.grant(first).status_code == 200
    return first, desk.file(1, 1)


def test_a_pair_is_listed_once_with_the_higher_severity(desk: Desk) -> None:
    first, second = pair(desk)
    (one,) = [each for each in conflicts(desk) if each["number"] == "K01"]
    assert (one["severity"], one["status"]) == ("block", "open")
    assert (one["mine"]["reference"], one["other"]["reference"]) == (second["reference"], first["reference"])
    assert one["blocking_since"] is not None
    assert conflicts(desk, severity="warn,info,chance,undetermined,block", status="open") == conflicts(desk)
    assert conflicts(desk, severity="chance") == conflicts(desk, status="overridden") == []


def test_pages_follow_each_other_without_gap_or_repeat(desk: Desk) -> None:
    for i in range(5):
        desk.file(0.2 * i, 0)  # everyone meets everyone: 10 pairs
    whole = [each["id"] for each in conflicts(desk)]
    assert len(whole) == 10
    found: list[str] = []
    address: str | None = f"{CONFLICTS}?limit=3&severity=warn"
    pages = 0
    while address:
        answer = desk.client.get(address, headers=desk.key())
        found += [each["id"] for each in answer.json()["conflicts"]]
        links = answer.json().get("links", [])
        address = links[0]["href"] if links else None
        assert (address is None) == ("link" not in answer.headers)
        pages += 1
    assert (found, pages) == (whole, 4)


def test_only_the_desks_of_both_towns_see_it(desk: Desk) -> None:
    pair(desk)
    (one,) = [each for each in conflicts(desk) if each["number"] == "K01"]
    strangers = {
        "other town": (desk.key(town=VIERNHEIM), 404), "public": ({}, 401), "reader": (desk.key("reader", None), 403),
        "operator": (desk.key("operator", None), 403),
    }  # fmt: skip
    assert conflicts(desk, desk.key(town=VIERNHEIM)) == []
    for headers, status in strangers.values():
        assert desk.client.get(f"{FINDINGS}/{one['id']}", headers=headers).status_code == status
        assert settle(desk, one, "accepted", {"X-None": "1", **headers}).status_code == status
        if status != 404:
            assert desk.client.get(CONFLICTS, headers=headers).status_code == status
    assert desk.client.get(CONFLICTS, params={"town": VIERNHEIM}, headers=desk.key()).status_code == 403
    assert (
        len(conflicts(desk, town=BENSHEIM)) == len(conflicts(desk, town="bensheim")) == len(conflicts(desk))
    )


@pytest.mark.parametrize("status", ["accepted", "resolved"])
def test_a_clerk_settles_a_warning_for_both_directions(desk: Desk, status: str) -> None:
    first, second = desk.file(), desk.file(1, 1)
    (one,) = conflicts(desk)
    settled = settle(desk, one, status, note="Die Firmen haben sich abgesprochen.")
    assert settled.status_code == 200, settled.text
    body = settled.json()
    assert (body["status"], body["note"], body["settled_by"]) == (
        status,
        "Die Firmen haben sich abgesprochen.",
        f"clerk {BENSHEIM}",
    )
    assert settled.headers["etag"] == f'"{body["version"]}"' != f'"{one["version"]}"'
    for receipt in (first, second):
        case = desk.client.get(f"/api/v1/permits/{receipt['reference']}", headers=desk.key()).json()[
            "properties"
        ]
        assert [each["status"] for each in case["findings"]] == [status]
        assert case["verdict"] == "clear"


def test_a_block_is_only_overridden_by_a_supervisor_with_a_reason(desk: Desk) -> None:
    _, second = pair(desk)
    (one,) = [each for each in conflicts(desk) if each["number"] == "K01"]
    supervisor = desk.key("supervisor")
    assert settle(desk, one, "accepted").status_code == 409
    assert settle(desk, one, "resolved", supervisor, note="x").status_code == 409
    assert settle(desk, one, "overridden", note="weil").status_code == 403
    assert settle(desk, one, "overridden", supervisor).json()["errors"][0]["pointer"] == "/note"
    assert settle(desk, one, "open", supervisor).status_code == 422
    assert settle(desk, one, "overridden", supervisor, note="x", extra=1).status_code == 422
    assert settle(desk, one, "overridden", supervisor, note="Aufbau nur nachts.").status_code == 200
    assert desk.grant(second).status_code == 200  # nothing stands against it any more
    assert {each["status"] for each in conflicts(desk) if each["number"] == "K01"} == {"overridden"}


def test_the_version_must_be_the_one_that_was_read(desk: Desk) -> None:
    desk.file()
    desk.file(1, 1)
    (one,) = conflicts(desk)
    without = desk.client.patch(f"{FINDINGS}/{one['id']}", json={"status": "accepted"}, headers=desk.key())
    assert without.status_code == 428
    assert settle(desk, one, "accepted", match='"99"').status_code == 412
    assert settle(desk, one, "accepted").status_code == 200
    assert settle(desk, one, "resolved").status_code == 412  # the old version
    assert settle(desk, one, "resolved", match="*").status_code == 200


def test_what_is_made_anew_without_change_keeps_its_version(desk: Desk) -> None:
    first, _ = desk.file(), desk.file(1, 1)
    (one,) = conflicts(desk)
    assert desk.move(first["reference"], "in_review").status_code == 200  # findings are recomputed
    (again,) = conflicts(desk)
    assert (again["id"], again["version"]) == (one["id"], one["version"])


@pytest.mark.parametrize(
    "asked",
    [{"cursor": "?"}, {"cursor": "MXwx|"}, {"cursor": "OTl8LTE"}, {"severity": "red"}, {"status": "done"}],
)
def test_broken_questions_are_refused(desk: Desk, asked: dict[str, str]) -> None:
    assert desk.client.get(CONFLICTS, params=asked, headers=desk.key()).status_code == 400


@pytest.fixture
def across(desk: Desk) -> Iterator[tuple[Desk, dict[str, Any], dict[str, Any]]]:
    """A granted scaffold in Bensheim and a request in Heppenheim that overlap at the border."""
    border = Border(desk)
    yield desk, border.file(BENSHEIM), border.file(HEPPENHEIM)


def test_the_neighbour_town_is_told_and_sees_what_it_may(
    across: tuple[Desk, dict[str, Any], dict[str, Any]],
) -> None:
    desk, ours, theirs = across
    neighbour = desk.key(town=HEPPENHEIM)
    (here,) = [one for one in conflicts(desk) if one["number"] == "K01"]
    (there,) = [one for one in conflicts(desk, neighbour) if one["number"] == "K01"]
    assert (here["mine"]["reference"], here["other"]["reference"]) == (ours["reference"], None)
    assert (there["mine"]["reference"], there["other"]["reference"]) == (theirs["reference"], None)
    assert (here["town"], here["other"]["town"]) == (BENSHEIM, HEPPENHEIM)
    assert here["other"]["use_type"] == "geruest" and here["other"]["period"]
    everything = desk.client.get(CONFLICTS, headers=neighbour).text
    assert "Mustermann" not in everything and ours["reference"] not in everything
    page = desk.client.get(f"/towns/heppenheim/desk/cases/{theirs['reference']}", headers=neighbour).text
    assert f'data-town="{BENSHEIM}">Bensheim<' in page and ours["reference"] not in page
    # Each desk settles its own direction; the neighbour's stays open.
    assert settle(desk, there, "accepted").status_code == 403
    assert settle(desk, here, "accepted", note="abgesprochen").status_code == 200
    assert [one["status"] for one in conflicts(desk, neighbour) if one["number"] == "K01"] == ["open"]


def test_a_grant_across_the_border_is_overridden_for_both(
    across: tuple[Desk, dict[str, Any], dict[str, Any]],
) -> None:
    desk, ours, theirs = across
    supervisor = desk.key("supervisor", HEPPENHEIM)

    def needed(receipt: dict[str, Any], headers: dict[str, str]) -> Response:
        """Grant over whatever stands against it."""
        assert desk.move(receipt["reference"], "in_review", headers).status_code == 200
        refused = desk.move(receipt["reference"], "granted", headers)
        if refused.status_code == 200:
            return refused
        against = refused.json().get("findings", [])
        reasons = [{"finding": each["id"], "reason": "Beide Städte sind sich einig."} for each in against]
        return desk.move(receipt["reference"], "granted", headers, overrides=reasons)

    assert needed(ours, desk.key("supervisor")).status_code == 200
    (told,) = [one for one in conflicts(desk) if one["number"] == "K01"]
    assert (told["town"], told["severity"], told["mine"]["reference"]) == (HEPPENHEIM, "block", None)
    assert settle(desk, told, "overridden", desk.key("supervisor"), note="wir dürfen").status_code == 403
    assert needed(theirs, supervisor).status_code == 200
    with owner_session(desk.database) as owner:
        owner.execute(text("SELECT set_config('app.actor', 'operator', true)"))
        left = "SELECT count(*) FROM finding WHERE blocking_since IS NOT NULL"
        assert owner.execute(text(left)).scalar_one() == 0


def test_the_answers_are_as_declared(desk: Desk) -> None:
    pair(desk)
    described = Described(desk)
    described.holds(desk.client.get(CONFLICTS, headers=desk.key()), "/api/v1/conflicts", 200)
    (one,) = [each for each in conflicts(desk) if each["number"] == "K01"]
    described.holds(desk.client.get(f"{FINDINGS}/{one['id']}", headers=desk.key()), ONE, 200)
    described.holds(settle(desk, one, "accepted"), ONE, 409)
    described.holds(settle(desk, one, "overridden", note="x"), ONE, 403)
    described.holds(settle(desk, one, "overridden", desk.key("supervisor")), ONE, 422)
    described.holds(settle(desk, {**one, "id": "0"}, "accepted"), ONE, 404)
    described.holds(settle(desk, one, "overridden", desk.key("supervisor"), note="weil"), ONE, 200)


def test_a_decision_is_explained_with_the_values_it_was_taken_by(desk: Desk) -> None:
    desk.file(9, 0)
    granted = desk.file()
    assert desk.grant(granted).status_code == 200
    address = f"/api/v1/permits/{granted['reference']}"
    kept = desk.client.get(address, headers=desk.key()).json()["properties"]["at_grant"]
    (neighbour,) = [each for each in kept["findings"] if each["number"] == "K02"]
    values = {each["name"]: (each["value"], each["unit"]) for each in neighbour["values"]}
    assert values["neighbour_distance_m"] == (10, "m")
    with owner_session(desk.database) as owner:  # in summer the town changes its mind
        owner.execute(
            text(
                "INSERT INTO town_parameter (town, parameter, first_day, value, legal_source)"
                " VALUES (:town, 'neighbour_distance_m', :day, 3, 'Satzung')"
            ),
            {"town": BENSHEIM, "day": datetime.now(TOWN_ZONE).date() - timedelta(days=1)},
        )
        owner.execute(text("UPDATE configuration_version SET last_value = last_value + 1"))
    rules = desk.client.get("/api/v1/rules", params={"basis": kept["rule_basis"]}).json()
    then = next(each for each in rules["rules"] if each["number"] == "K02")
    assert {each["name"]: each["value"] for each in then["parameters"]}["neighbour_distance_m"] == 10
    assert then["rule_version"] == neighbour["rule_version"]
    assert desk.client.get(address, headers=desk.key()).json()["properties"]["at_grant"] == kept
    page = desk.client.get(f"/towns/bensheim/desk/cases/{granted['reference']}", headers=desk.key()).text
    assert "Grundlage der Erlaubnis" in page and f"/rules?basis={kept['rule_basis']}" in page
    recorded = desk.client.get("/rules", params={"basis": kept["rule_basis"]})
    assert recorded.status_code == 200 and 'id="recorded"' in recorded.text
    assert desk.client.get("/rules", params={"basis": "nonsense"}).status_code == 404
    own = desk.client.get(address, params={"token": granted["token"]}).json()["properties"]
    assert own["at_grant"] is None  # it names others as the desk saw them


def test_a_desk_settles_on_the_page_of_the_case(desk: Desk) -> None:
    """The form needs a sign-in with its token; a refusal is shown on the case."""
    desk.file()
    desk.file(1, 1)
    (one,) = conflicts(desk)
    reference = one["mine"]["reference"]
    address = f"/towns/bensheim/desk/cases/{reference}"
    page = desk.client.get(address, headers=desk.key()).text
    assert (
        f"{address}/findings/{one['id']}" in page and "Hinnehmen" in page and "übergehen</button>" not in page
    )
    form = {"status": "accepted", "version": str(one["version"]), "note": "abgesprochen"}
    stale = desk.client.post(
        f"{address}/findings/{one['id']}", data={**form, "version": "99"}, headers=desk.key()
    )
    assert stale.status_code == 412 and "inzwischen geändert" in stale.text
    clerk = desk.client.post(
        f"{address}/findings/{one['id']}", data={**form, "status": "overridden"}, headers=desk.key()
    )
    assert clerk.status_code == 403
    done = desk.client.post(
        f"{address}/findings/{one['id']}", data=form, headers=desk.key(), follow_redirects=False
    )
    assert done.status_code == 303
    assert [each["status"] for each in conflicts(desk)] == ["accepted"]
    assert "Hinnehmen" not in desk.client.get(address, headers=desk.key()).text


def test_a_sign_in_without_the_forms_token_settles_nothing(desk: Desk) -> None:
    desk.file()
    desk.file(1, 1)
    (one,) = conflicts(desk)
    key = desk.key()["Authorization"].removeprefix("Bearer ")
    signed = desk.client.post("/sign-in", data={"key": key}, follow_redirects=False)
    assert signed.status_code == 303
    address = f"/towns/bensheim/desk/cases/{one['mine']['reference']}/findings/{one['id']}"
    form = {"status": "accepted", "version": str(one["version"])}
    assert desk.client.post(address, data=form).status_code == 403
    assert [each["status"] for each in conflicts(desk)] == ["open"]
