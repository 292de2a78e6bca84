"""Nothing of `pending` reaches anybody but the key that asks: no cache, no other key, nobody without one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from httpx import Response
from openapi_spec_validator import OpenAPIV30SpecValidator
from sqlalchemy import text

from geo_service.db.database import owner_session
from geo_service.identity.api_keys import create_api_key, list_api_keys, revoke_api_key, rotate_api_key
from geo_service.ogc.memory.kept_answers import KeptAnswers
from geo_service.ogc.memory.kept_features import KeptFeatures
from tests.permits.conftest import BENSHEIM, VIERNHEIM, Desk, desk, open_desk

__all__ = ["desk", "open_desk"]

LIST, API, PENDING = "/ogc/collections", "/ogc/api", "/ogc/collections/pending"
ITEMS = f"{PENDING}/items"
# Where a key is answered something that nobody else is, and the pages of pending for people.
OWN = (
    PENDING, ITEMS, f"{PENDING}/queryables", f"{PENDING}/sortables", f"{PENDING}/schema", LIST, API, f"{ITEMS}?f=html",
    f"{LIST}?f=html", f"{API}?f=html", f"{PENDING}?f=html", f"{PENDING}/schema?f=html", f"{ITEMS}?f=csv", f"{ITEMS}?limit=1",
)  # fmt: skip
BELOW = (
    "",
    "/items",
    "/items/3d7b1c1e-7e0a-4b51-9d4f-0a4c3a2b1c0d",
    "/queryables",
    "/sortables",
    "/schema",
    "/export",
    "/tiles",
)
NOT_OPEN = ("access-control-allow-origin", "access-control-expose-headers")


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def told(answer: Response) -> tuple[Any, ...]:
    """Everything of an answer that does not change with the clock or the nonce."""
    headers = {
        name: value
        for name, value in answer.headers.items()
        if name not in ("x-request-id", "content-security-policy", "date", "content-length")
    }
    body = answer.text.partition('"timeStamp"')[0]
    return answer.status_code, headers, body


def made_key(desk: Desk, **more: Any) -> str:
    with owner_session(desk.database) as owner:
        return create_api_key(owner, **{"role": "reader", "town": BENSHEIM, "name": "x", **more})


def test_every_answer_is_for_the_key_alone(desk: Desk) -> None:
    filed = desk.file()
    for address in (*OWN, f"{ITEMS}/{filed['permit_id']}", f"{ITEMS}/{filed['permit_id']}?f=html"):
        for method in ("GET", "HEAD"):
            answer = desk.client.request(method, address, headers=desk.key("reader"))
            assert answer.status_code == 200, (address, answer.text)
            assert answer.headers["cache-control"] == "private, max-age=0, must-revalidate", address
            assert answer.headers["vary"].split(", ")[0] == "Authorization", address
            assert not set(NOT_OPEN) & set(answer.headers), address
        again = desk.client.get(
            address,
            headers={
                **desk.key("reader"),
                "If-None-Match": desk.client.get(address, headers=desk.key("reader")).headers["etag"],
            },
        )
        assert again.status_code == 304, address
        assert again.headers["cache-control"].startswith("private"), address
        assert not set(NOT_OPEN) & set(again.headers), address


def test_two_keys_never_share_a_validator(desk: Desk) -> None:
    desk.file()
    keys = [desk.key("reader"), desk.key("clerk"), desk.key("reader", VIERNHEIM), bearer(made_key(desk))]
    for address in OWN:
        tags = [desk.client.get(address, headers=key).headers["etag"] for key in keys]
        if address in (LIST, API):
            tags.append(desk.client.get(address).headers["etag"])
        assert len(set(tags)) == len(tags), address
        for key, tag in zip(keys, [*tags[1:], tags[0]], strict=False):
            assert desk.client.get(address, headers={**key, "If-None-Match": tag}).status_code == 200


def test_with_and_without_a_key_in_turn_nothing_stays(desk: Desk) -> None:
    """The same addresses in the same process; what everybody reads is the same as before."""
    filed = desk.file()
    addresses = [
        *OWN,
        f"{ITEMS}/{filed['permit_id']}",
        "/ogc",
        "/ogc/collections/permits/items",
        "/ogc/tiles",
    ]
    before = {address: told(desk.client.get(address)) for address in addresses}
    for _ in range(2):
        for who in (desk.key("reader"), {}, desk.key("reader", VIERNHEIM), {}, desk.key("clerk"), {}):
            for address in addresses:
                answer = desk.client.get(address, headers=who)
                if not who:
                    assert told(answer) == before[address], address
                elif who == desk.key("reader", VIERNHEIM):
                    assert filed["reference"] not in answer.text, address
    state = desk.app.state
    kept: KeptAnswers = state.kept_answers
    assert kept._answers, "something public is kept, so the test looks at the right place"
    assert not [question for question in kept._answers if "pending" in question.address]
    features: KeptFeatures = getattr(state, "kept_features", KeptFeatures())
    assert filed["permit_id"] not in repr(vars(features))
    assert set(state.extents._kept) == {
        "road_segments", "construction_sites", "permits", "events", "detours", "towns",
    }  # fmt: skip


def test_what_is_public_stays_public_and_cacheable(desk: Desk) -> None:
    desk.file()
    for address in (LIST, API, f"{LIST}?f=html", f"{API}?f=html"):
        answer = desk.client.get(address)
        assert "pending" not in answer.text
        assert answer.headers["cache-control"] == "public, max-age=0, must-revalidate"
        assert answer.headers["vary"].split(", ")[0] == "Authorization"
        assert answer.headers["access-control-allow-origin"] == "*"
        for nothing in (
            {"Authorization": "Bearer x"},
            {"Authorization": "Basic eDp4"},
            {"Authorization": ""},
        ):
            assert told(desk.client.get(address, headers=nothing)) == told(answer)
    for address in (
        "/ogc",
        "/ogc/collections/permits",
        "/ogc/collections/permits/items",
        "/ogc/conformance",
        "/ogc/tiles",
    ):
        with_key = told(desk.client.get(address, headers=desk.key("reader")))
        assert with_key == told(desk.client.get(address))
        assert with_key[1]["cache-control"].startswith("public")


@pytest.mark.parametrize("below", BELOW)
def test_without_a_key_it_is_as_unknown_as_any_other_name(desk: Desk, below: str) -> None:
    desk.file()
    unknown = told(desk.client.get(f"/ogc/collections/nothing{below}"))
    odd = [
        told(desk.client.get(f"/ogc/collections/{name}{below}?f=x&x=1")) for name in ("nothing", "pending")
    ]
    assert odd[0] == (*odd[1][:2], odd[1][2].replace("pending", "nothing"))
    others = [desk.key("operator", None), desk.key("operator"), desk.key("reader", None)]
    for headers in ({}, {"Authorization": ""}, *others):
        status, names, body = told(desk.client.get(f"{PENDING}{below}", headers=headers))
        assert (status, names["content-type"]) == (404, "application/problem+json")
        assert (status, names, body.replace("pending", "nothing")) == unknown
    preflight = desk.client.options(f"{PENDING}{below}")
    assert told(preflight) == told(desk.client.options(f"/ogc/collections/nothing{below}"))


@pytest.mark.parametrize("below", BELOW[:-2])
@pytest.mark.parametrize("authorization", ["Bearer x", "Bearer", "Basic eDp4", "x", "Bearer  \xff"])
def test_a_key_that_is_none_is_refused_as_elsewhere(desk: Desk, below: str, authorization: str) -> None:
    answer = desk.client.get(f"{PENDING}{below}", headers={"Authorization": authorization.encode("latin-1")})
    assert answer.status_code == 401, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_sign_in_of_a_browser_is_no_key(desk: Desk) -> None:
    """Another site could make the browser ask; it cannot make it send a key."""
    key = desk.key("clerk")["Authorization"].removeprefix("Bearer ")
    signed = desk.client.post("/sign-in", data={"key": key}, follow_redirects=False)
    assert signed.cookies
    assert desk.client.get(PENDING).status_code == 404
    assert "pending" not in desk.client.get(LIST).text


def test_a_key_opens_as_long_as_it_is_in_force(desk: Desk) -> None:
    desk.file()

    def seen(key: str) -> tuple[int, bool]:
        listed = desk.client.get(LIST, headers=bearer(key)).json()["collections"]
        return desk.client.get(ITEMS, headers=bearer(key)).status_code, listed[-1]["id"] == "pending"

    short = made_key(desk, name="short", expires_at=datetime.now(UTC) + timedelta(hours=1))
    old, other = made_key(desk, name="old"), made_key(desk, name="other")
    assert seen(short) == seen(old) == seen(other) == (200, True)
    with owner_session(desk.database) as owner:
        ids = {entry.name: str(entry.key_id) for entry in list_api_keys(owner, BENSHEIM)}
        owner.execute(text("UPDATE api_key SET expires_at = now() WHERE name = 'short'"))
        new = rotate_api_key(owner, ids["old"], overlap_days=0)
        revoke_api_key(owner, ids["other"])
    assert seen(short) == seen(old) == seen(other) == (401, False)
    assert seen(new) == (200, True)


def test_the_description_names_it_to_a_key_only_and_stays_valid(desk: Desk) -> None:
    public = desk.client.get(API).json()
    with_key = desk.client.get(API, headers=desk.key("reader")).json()
    OpenAPIV30SpecValidator(with_key).validate()
    added = set(with_key["paths"]) - set(public["paths"])
    assert added == {
        "/collections/pending", "/collections/pending/items", "/collections/pending/items/{featureId}",
        "/collections/pending/queryables", "/collections/pending/sortables", "/collections/pending/schema",
    }  # fmt: skip
    assert {path: with_key["paths"][path] for path in public["paths"]} == public["paths"]
    for path in added:
        assert with_key["paths"][path]["get"]["security"] == [{"town_key": []}]


def test_the_database_asks_who_reads(desk: Desk) -> None:
    """Below the interface: the role that reads for a key sees its town's rows, and no case."""
    import psycopg

    desk.file(), desk.file(town=VIERNHEIM)
    with psycopg.connect(desk.database.app_conninfo()) as connection:
        for town, rows in ((None, 0), (BENSHEIM, 1), (VIERNHEIM, 1)):
            connection.execute(
                "SELECT set_config('app.actor', 'reader', true), set_config('app.reader_town', %s, true)",
                [town or ""],
            )
            for table, expected in (("pending_permit", rows), ("permit", 0), ("applicant", 0)):
                found = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
                assert found == (expected,), (town, table)
        for change in ("DELETE FROM pending_permit", "UPDATE pending_permit SET town = town"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
                connection.execute(change)
