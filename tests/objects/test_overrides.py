"""A supervisor confirms a site or an event over a block, with a reason that stays in the record for ever."""

from __future__ import annotations

from typing import Any

import pytest
from httpx import Response
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from geo_service.db.database import speak_as
from tests.objects.conftest import address, entered, feature
from tests.permits.conftest import BENSHEIM, VIERNHEIM, Desk

SITES = "construction-sites"
REASON = "Gemeinsame Baustelle, Absprache vom 3. März"


def confirm(
    desk: Desk, path: str, stored: dict[str, Any], overrides: list[dict[str, str]], *, role: str = "supervisor",
    town: str = BENSHEIM, state: str = "confirmed", at: tuple[float, float] = (2, 2),
) -> Response:  # fmt: skip
    body = feature(desk, path, *at, state=state, overrides=overrides)
    headers = {**desk.key(role, town), "If-Match": f'"{stored["properties"]["version"]}"'}
    answer: Response = desk.client.put(address(path, stored["id"]), json=body, headers=headers)
    return answer


def over_each_other(
    desk: Desk, path: str = SITES, **more: Any
) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """A planned one over something confirmed, and what a supervisor states to confirm it."""
    entered(desk, SITES, 0, 0, state="confirmed")
    planned = entered(desk, path, 2, 2)
    refused = confirm(desk, path, planned, [], **more)
    assert refused.status_code == 409
    return planned, [{"finding": one["id"], "reason": REASON} for one in refused.json()["findings"]]


@pytest.mark.parametrize(("path", "state"), [(SITES, "confirmed"), ("events", "granted")])
def test_with_a_reason_it_is_binding_and_the_record_tells_why(desk: Desk, path: str, state: str) -> None:
    planned, overrides = over_each_other(desk, path, state=state)
    confirmed = confirm(desk, path, planned, overrides, state=state)
    assert confirmed.status_code == 200, confirmed.text
    told = confirmed.json()["properties"]
    kept = told["history"][-1]["overrides"]
    assert told["state"] == state and [one["reason"] for one in kept] == [REASON] * len(kept) and kept
    assert kept[0]["explanation"]["de"] and kept[0]["number"].startswith("K")
    assert told["history"][-1]["by"].startswith("supervisor")
    page = desk.client.get(
        f"/towns/bensheim/desk/{path}/{planned['id']}", headers={**desk.key(), "Accept": "text/html"}
    )
    assert REASON in page.text
    # It stays when the finding itself is gone: the site is cancelled, nothing conflicts any more.
    gone = desk.client.delete(
        address(path, planned["id"]), headers={**desk.key(), "If-Match": confirmed.headers["etag"]}
    )
    assert gone.status_code == 200
    assert gone.json()["properties"]["history"][-2]["overrides"] == kept
    for deed in ("UPDATE object_change SET overrides = '[]'", "DELETE FROM object_change"):
        with (
            Session(desk.app.state.engine) as session,
            pytest.raises(ProgrammingError, match="permission denied"),
        ):
            speak_as(session, actor="supervisor", town=BENSHEIM)
            session.execute(text(deed))


def test_a_clerk_may_not_and_nobody_may_without_a_reason_or_for_another_finding(desk: Desk) -> None:
    planned, overrides = over_each_other(desk)
    assert confirm(desk, SITES, planned, overrides, role="clerk").status_code == 403
    empty = confirm(desk, SITES, planned, [{**overrides[0], "reason": "  "}])
    assert (
        empty.status_code == 422 and empty.json()["errors"][0]["pointer"] == "/properties/overrides/0/reason"
    )
    other = confirm(desk, SITES, planned, [{"finding": "no such", "reason": REASON}])
    assert (
        other.status_code == 422 and other.json()["errors"][0]["pointer"] == "/properties/overrides/0/finding"
    )
    assert confirm(desk, SITES, planned, overrides, town=VIERNHEIM).status_code == 404
    still = desk.client.get(address(SITES, planned["id"]), headers=desk.key()).json()["properties"]
    assert (still["state"], still["version"]) == ("planned", planned["properties"]["version"])


def test_an_override_holds_until_it_gets_worse(desk: Desk) -> None:
    planned, overrides = over_each_other(desk)
    confirmed = confirm(desk, SITES, planned, overrides).json()
    same = confirm(desk, SITES, confirmed, [], role="clerk")
    assert same.status_code == 200, same.text  # a correction by a clerk needs no new reason
    assert same.json()["properties"]["history"][-1]["overrides"][0]["reason"] == REASON
    entered(desk, SITES, 30, 2, state="confirmed")
    moved = confirm(desk, SITES, same.json(), [], role="clerk", at=(24, 2))
    assert moved.status_code == 409  # over another one now
