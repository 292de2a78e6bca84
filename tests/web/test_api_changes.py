"""`/api/v1/changes`: in the order of the commits, nothing skipped, nothing told about what is gone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from httpx import Response

from geo_service.db.database import Database
from tests.objects.conftest import delete, entered, feature, put
from tests.permits.conftest import BENSHEIM, Desk, desk, open_desk

__all__ = ["desk", "open_desk"]

CHANGES = "/api/v1/changes"
SITES = "construction-sites"
SITE = (
    "INSERT INTO construction_site (site_id, town, title, area, period, state, source, source_id)"
    " SELECT gen_random_uuid(), '06431002', %s, ST_MakeEnvelope(480000, 5500000, 480010, 5500010, 25832),"
    " '[2027-05-31 22:00Z,2027-06-14 22:00Z)', 'confirmed', 'test', %s"
)


def ask(desk: Desk, since: str | None = None, **more: Any) -> dict[str, Any]:
    given = {"since": since, **more}
    answer = desk.client.get(
        CHANGES, params={name: value for name, value in given.items() if value is not None}
    )
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def deeds(page: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(one["deed"], one["collection"], one["id"]) for one in page["changes"]]


@contextmanager
def writing(database: Database) -> Iterator[psycopg.Connection]:
    """A transaction of its own as the application's role; the test commits it or not."""
    with psycopg.connect(database.app_conninfo()) as connection:
        connection.execute("SELECT set_config('app.actor', 'operator', true)")
        yield connection


def test_a_site_is_created_changed_and_removed_in_this_order(desk: Desk) -> None:
    start = ask(desk, "now")
    assert (start["changes"], start["more"]) == ([], False)
    stored = entered(desk, SITES)
    created = ask(desk, start["cursor"])
    assert deeds(created) == [("created", "construction_sites", stored["id"])]
    published = desk.client.get(f"/ogc/collections/construction_sites/items/{stored['id']}").json()
    del published["links"]
    assert created["changes"][0]["feature"] == published
    changed = put(desk, SITES, stored, feature(desk, SITES, title="Gas")).json()
    page = ask(desk, created["cursor"])
    assert deeds(page) == [("changed", "construction_sites", stored["id"])]
    assert page["changes"][0]["feature"]["properties"]["title"] == "Gas"
    assert delete(desk, SITES, changed).status_code == 200
    removed = ask(desk, page["cursor"])
    assert deeds(removed) == [("removed", "construction_sites", stored["id"])]
    assert set(removed["changes"][0]) == {"cursor", "at", "deed", "collection", "id"}
    everything = ask(desk, start["cursor"])
    assert [one[0] for one in deeds(everything)] == ["created", "changed", "removed"]
    assert "Gas" not in str(everything), "what is gone is not told any more"
    assert [one.get("feature") for one in everything["changes"]] == [None, None, None]
    assert ask(desk, removed["cursor"])["changes"] == []


def test_a_permit_is_told_from_its_grant_on_and_a_request_never(desk: Desk) -> None:
    start = ask(desk, "now")["cursor"]
    receipt = desk.file()
    assert ask(desk, start)["changes"] == []
    assert desk.grant(receipt).status_code == 200
    (change,) = ask(desk, start)["changes"]
    assert (change["deed"], change["collection"]) == ("created", "permits")
    assert change["feature"]["properties"]["reference"] == receipt["reference"]
    assert "Mustermann" not in str(change)
    surrendered = desk.move(receipt["reference"], "revoked", reason="Rohrbruch")
    assert surrendered.status_code == 200, surrendered.text
    assert [one[0] for one in deeds(ask(desk, start))] == ["created", "removed"]


def test_what_is_not_public_leaves_no_trace(desk: Desk) -> None:
    start = ask(desk, "now")["cursor"]
    stored = entered(desk, SITES, is_public=False)
    assert ask(desk, start)["changes"] == []
    shown = put(desk, SITES, stored, feature(desk, SITES, is_public=True)).json()
    hidden = put(desk, SITES, shown, feature(desk, SITES, is_public=False)).json()
    assert [one[0] for one in deeds(ask(desk, start))] == ["created", "removed"]
    assert delete(desk, SITES, hidden).status_code == 200
    assert len(ask(desk, start)["changes"]) == 2


def test_what_commits_later_is_never_skipped_though_it_began_earlier(desk: Desk) -> None:
    start = ask(desk, "now")["cursor"]
    with writing(desk.database) as slow, writing(desk.database) as quick:
        slow.execute(SITE, ["began first", "1"])
        quick.execute(SITE, ["committed first", "2"])
        quick.commit()
        first = ask(desk, start)
        assert [one["feature"]["properties"]["title"] for one in first["changes"]] == ["committed first"]
        slow.execute(SITE, ["same transaction", "3"])
        assert ask(desk, first["cursor"])["changes"] == []
        slow.commit()
    second = ask(desk, first["cursor"])
    assert [one["feature"]["properties"]["title"] for one in second["changes"]] == [
        "began first", "same transaction",
    ]  # fmt: skip
    assert ask(desk, start)["changes"] == first["changes"] + second["changes"]


def test_what_is_rolled_back_was_never_there(desk: Desk) -> None:
    start = ask(desk, "now")["cursor"]
    with writing(desk.database) as connection:
        connection.execute("SAVEPOINT before")
        connection.execute(SITE, ["taken back", "1"])
        connection.execute("ROLLBACK TO before")
        connection.execute(SITE, ["kept", "2"])
        connection.commit()
        connection.execute("SELECT set_config('app.actor', 'operator', true)")
        connection.execute(SITE, ["taken back too", "3"])
        connection.rollback()
    titles = [one["feature"]["properties"]["title"] for one in ask(desk, start)["changes"]]
    assert titles == ["kept"]


def test_pages_follow_one_another_without_gap_or_double(desk: Desk) -> None:
    start = ask(desk, "now")["cursor"]
    with writing(desk.database) as connection:
        connection.cursor().executemany(SITE, [(f"site {n}", str(n)) for n in range(25)])
    entered(desk, "detours", state="confirmed")
    cursor, seen, pages = start, [], 0
    while True:
        page = ask(desk, cursor, limit=10)
        seen += deeds(page)
        pages += 1
        cursor = page["cursor"]
        if not page["more"]:
            break
    assert (len(seen), len(set(seen)), pages) == (26, 26, 3)
    only = ask(desk, start, collection="detours,events")
    assert [one[1] for one in deeds(only)] == ["detours"]
    assert deeds(ask(desk, only["cursor"])) == []
    followed = desk.client.get(ask(desk, start, limit=25)["links"][0]["href"]).json()
    assert deeds(followed) == seen[25:]
    assert [one[2] for one in deeds(ask(desk, page["changes"][0]["cursor"]))] == [one[2] for one in seen[21:]]


def test_from_the_beginning_is_everything_that_is_published(desk: Desk) -> None:
    stored = entered(desk, SITES)
    assert deeds(ask(desk)) == [("created", "construction_sites", stored["id"])]


@pytest.mark.parametrize(
    ("given", "status", "pointer"),
    [
        ({"since": ""}, 400, "since"), ({"since": "x"}, 400, "since"), ({"since": "äöü"}, 400, "since"),
        ({"since": "Y29uc3RydWN0aW9uX3NpdGVzPTU"}, 400, "since"),  # of a collection
        ({"since": "Y2hhbmdlcz05OTk5OTk5OTkuMQ"}, 400, "since"),  # beyond everything: of another database
        ({"collection": "towns"}, 400, "collection"), ({"limit": "-1"}, 422, "/limit"), ({"limit": "x"}, 422, "/limit"),
    ],
)  # fmt: skip
def test_a_bad_parameter_is_named(desk: Desk, given: dict[str, str], status: int, pointer: str) -> None:
    answer: Response = desk.client.get(CHANGES, params=given)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (status, pointer)
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_huge_limit_is_the_largest(desk: Desk) -> None:
    assert ask(desk, limit=10**9)["changes"] == []


def test_the_application_cannot_write_the_record(desk: Desk) -> None:
    for statement in (
        "INSERT INTO change_batch DEFAULT VALUES",
        "DELETE FROM published_change",
        "UPDATE change_batch SET position = 1",
        "SELECT change_batch_of_transaction()",
    ):
        with writing(desk.database) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)


def test_towns_see_one_record(open_desk: Callable[..., Desk]) -> None:
    """It holds what everybody may read, so the other town's key and no key at all read the same."""
    desk = open_desk()
    entered(desk, SITES)
    plain = desk.client.get(CHANGES).json()
    for headers in (desk.key(), desk.key(town="06431020"), desk.key("reader", None)):
        assert desk.client.get(CHANGES, headers=headers).json() == plain
    assert plain["changes"][0]["feature"]["properties"]["town"] == BENSHEIM
