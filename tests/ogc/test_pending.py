"""`pending`: which undecided requests a town's key finds, how they come and go, and in which forms."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from geo_service.db.database import owner_session
from geo_service.interval import TOWN_ZONE
from tests.permits.conftest import BENSHEIM, VIERNHEIM, Desk, desk, open_desk, standing_desk
from tests.privacy.everywhere import superuser

__all__ = ["desk", "open_desk", "standing_desk"]

PENDING = "/ogc/collections/pending"
ITEMS = f"{PENDING}/items"
METRES = "http://www.opengis.net/def/crs/EPSG/0/25832"


def features(desk: Desk, headers: dict[str, str] | None = None, **params: Any) -> list[dict[str, Any]]:
    """What a key finds, the town's reader if no other is named."""
    answer = desk.client.get(ITEMS, headers=headers or desk.key("reader"), params=params)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["features"])


def references(desk: Desk, headers: dict[str, str] | None = None, **params: Any) -> list[str]:
    return [one["properties"]["reference"] for one in features(desk, headers, **params)]


@pytest.mark.parametrize("role", ["reader", "clerk", "supervisor", "admin"])
def test_every_key_of_the_town_finds_the_same_and_nothing_of_a_person(desk: Desk, role: str) -> None:
    filed = desk.file(purpose="geheimer Zweck", address_text="Geheimgasse 1")
    (one,) = features(desk, desk.key(role))
    assert one["id"] == filed["permit_id"]
    told = one["properties"]
    assert (told["reference"], told["town"], told["status"]) == (filed["reference"], BENSHEIM, "submitted")
    assert told["use_type_label_de"] == "Gerüst"
    assert told["area_m2"] == pytest.approx(12, abs=0.1)
    assert set(told) == {
        "reference", "town", "use_type", "use_type_label_de", "use_type_label_en", "status", "status_label_de",
        "status_label_en", "area_m2", "restriction", "restriction_label_de", "restriction_label_en", "period_start",
        "period_end", "from", "until", "demo", "updated_at",
    }  # fmt: skip
    body = desk.client.get(ITEMS, headers=desk.key(role)).text
    for secret in ("geheim", "Geheim", "Mustermann", "erika", "06251", filed["token"]):
        assert secret not in body


def test_two_towns_see_only_their_own(desk: Desk) -> None:
    here, there = desk.file(), desk.file(town=VIERNHEIM)
    assert references(desk) == [here["reference"]]
    assert references(desk, desk.key("reader", VIERNHEIM)) == [there["reference"]]
    assert references(desk, desk.key("clerk", VIERNHEIM), town=BENSHEIM) == []
    assert references(desk, desk.key("clerk", VIERNHEIM), filter=f"town = '{BENSHEIM}' OR 1 = 1") == [
        there["reference"]
    ]
    one = f"{ITEMS}/{there['permit_id']}"
    assert desk.client.get(one, headers=desk.key("reader")).status_code == 404
    assert desk.client.get(one, headers=desk.key("reader", VIERNHEIM)).status_code == 200
    head, page = (
        desk.client.request(method, ITEMS, headers=desk.key("reader")) for method in ("HEAD", "GET")
    )
    assert head.headers["ogc-numbermatched"] == "1"
    assert head.headers["etag"] == page.headers["etag"]
    known = desk.client.get(ITEMS, headers={**desk.key("reader"), "If-None-Match": head.headers["etag"]})
    assert known.status_code == 304


def test_a_request_passes_over_to_the_permits_when_it_is_granted(desk: Desk) -> None:
    filed = desk.file()
    published = "/ogc/collections/permits/items"
    assert desk.client.get(published).json()["features"] == []
    assert desk.move(filed["reference"], "in_review").status_code == 200
    assert [one["properties"]["status"] for one in features(desk)] == ["in_review"]
    assert desk.move(filed["reference"], "granted").status_code == 200
    assert references(desk) == []
    assert [one["id"] for one in desk.client.get(published).json()["features"]] == [filed["permit_id"]]


def test_what_is_taken_back_refused_or_removed_disappears(desk: Desk) -> None:
    withdrawn, refused, removed = (desk.file(20 * n) for n in range(3))
    stays = desk.file(100)
    assert desk.move(withdrawn["reference"], "withdrawn", {"X-Permit-Token": withdrawn["token"]}).is_success
    desk.move(refused["reference"], "in_review")
    assert desk.move(refused["reference"], "rejected", reason="Zu eng.").status_code == 200
    with superuser(desk.database) as connection:
        connection.execute("DELETE FROM permit WHERE reference = %s", [removed["reference"]])
        connection.commit()
    assert references(desk) == [stays["reference"]]


def test_a_draft_is_nobodys_business_until_it_is_filed(desk: Desk) -> None:
    kept = desk.file(status="draft")
    assert references(desk) == []
    filing = desk.client.post(
        f"/api/v1/permits/{kept['permit_id']}/transitions",
        json={"to": "submitted"},
        headers={"X-Permit-Token": kept["token"]},
    )
    assert filing.status_code == 200, filing.text
    assert references(desk) == [filing.json()["properties"]["reference"]]


def test_what_a_town_never_publishes_is_not_shown_before_either(desk: Desk) -> None:
    """A move says where somebody lives."""
    desk.file(use_type="umzug_halteverbot")
    assert references(desk) == []
    with owner_session(desk.database) as owner:
        owner.execute(
            text('UPDATE town SET settings = settings || \'{"published_uses_except": ["geruest"]}\'')
        )
    desk.file(50)
    moved = desk.file(100, use_type="umzug_halteverbot")
    assert references(desk) == [moved["reference"]]


def test_what_was_filed_before_the_migration_is_there_too(desk: Desk) -> None:
    """The last block of the script, run again after its rows are gone, by the owner, who is under every policy."""
    from geo_service.sql.loader import schema_scripts

    filed, _ = desk.file(), desk.file(50, use_type="umzug_halteverbot")
    desk.grant(desk.file(100))
    (script,) = [one for one in schema_scripts("0009") if "CREATE TABLE pending_permit" in one]
    with superuser(desk.database) as connection:
        before = connection.execute("DELETE FROM pending_permit RETURNING fragment_crs84").fetchall()
        connection.commit()
        with desk.database.owner_connection() as owner:
            owner.execute(script[script.rindex("DO $$") :].encode())
        after = connection.execute("SELECT fragment_crs84 FROM pending_permit").fetchall()
    assert before == after
    assert references(desk) == [filed["reference"]]


@pytest.fixture(scope="module")
def street(standing_desk: Desk) -> Desk:
    """Five scaffolds along a street, 50 m apart, each a day longer than the one before."""
    start = datetime.now(TOWN_ZONE).date() + timedelta(days=60)
    for n in range(5):
        standing_desk.file(50 * n, **{"from": f"{start}", "until": f"{start + timedelta(days=n)}"})
    return standing_desk


def test_pages_follow_each_other_in_both_orders(street: Desk) -> None:
    everything = references(street)
    assert len(everything) == 5
    for order in ({}, {"sortby": "-until"}, {"sortby": "status,+reference"}):
        seen, address = [], f"{ITEMS}?limit=2"
        answer = street.client.get(address, headers=street.key("reader"), params={"limit": 2, **order})
        while True:
            assert answer.status_code == 200, answer.text
            page = answer.json()
            assert page["numberMatched"] == 5
            seen += [one["properties"]["reference"] for one in page["features"]]
            following = [link["href"] for link in page["links"] if link["rel"] == "next"]
            if not following:
                break
            answer = street.client.get(following[0], headers=street.key("reader"))
        wanted = sorted(everything, reverse=True) if order.get("sortby") == "-until" else everything
        assert seen == wanted
    assert references(street, limit=2, offset=3) == everything[3:]


def test_it_is_searched_as_the_other_collections_are(street: Desk) -> None:
    everything = features(street)
    first, last = everything[0]["properties"], everything[-1]["properties"]
    west, south = everything[0]["geometry"]["coordinates"][0][0]
    box = f"{west - 0.0001},{south - 0.0001},{west + 0.0001},{south + 0.0001}"
    assert references(street, bbox=box) == [first["reference"]]
    assert references(street, datetime=last["until"]) == [last["reference"]]
    assert references(street, filter=f"reference = '{last['reference']}' AND area_m2 > 1") == [
        last["reference"]
    ]
    assert references(street, reference=first["reference"]) == [first["reference"]]
    assert references(street, q=last["reference"][-6:]) == [last["reference"]]
    assert references(street, filter="S_INTERSECTS(geometry, POINT(0 0))") == []
    (one,) = features(street, limit=1, properties="status")
    assert one["properties"] == {"status": "submitted"}
    hits = street.client.get(ITEMS, headers=street.key("reader"), params={"resultType": "hits", "bbox": box})
    assert (hits.json()["numberMatched"], hits.json()["features"]) == (1, [])


def test_it_comes_in_every_system_and_form(street: Desk) -> None:
    key = street.key("reader")
    for crs in street.client.get(PENDING, headers=key).json()["crs"]:
        answer = street.client.get(ITEMS, headers=key, params={"crs": crs})
        assert answer.headers["content-crs"] == f"<{crs}>"
        assert len(answer.json()["features"]) == 5
    metres = street.client.get(ITEMS, headers=key, params={"crs": METRES, "limit": 1}).json()["features"][0]
    assert metres["geometry"]["coordinates"][0][0][0] > 400_000
    coarse = street.client.get(ITEMS, headers=key, params={"zoom-level": 14})
    assert len(coarse.json()["features"]) == 5
    for form, begins in (
        ("jsonfg", b"{"),
        ("geojsonseq", b"\x1e"),
        ("csv", b"id,"),
        ("html", b"<!"),
        ("fgb", b"fgb"),
    ):
        answer = street.client.get(ITEMS, headers=key, params={"f": form})
        assert answer.status_code == 200, form
        assert answer.content.lstrip().lower().startswith(begins), form
        assert answer.headers["cache-control"].startswith("private"), form
    lines = list(csv.DictReader(io.StringIO(street.client.get(ITEMS, headers=key, params={"f": "csv"}).text)))
    assert [line["reference"] for line in lines] == references(street)
    feature = features(street, limit=1)[0]["id"]
    for form in ("json", "jsonfg", "html"):
        answer = street.client.get(f"{ITEMS}/{feature}", headers=key, params={"f": form, "crs": METRES})
        assert answer.status_code == 200
        assert feature in answer.text


def test_its_documents_say_what_it_is_and_offer_no_more_than_there_is(street: Desk) -> None:
    key = street.key("reader")
    listed = street.client.get("/ogc/collections", headers=key).json()["collections"]
    own = street.client.get(PENDING, headers=key).json()
    assert listed[-1]["id"] == own["id"] == "pending"
    assert listed[-1]["extent"] == own["extent"]
    assert own["extent"]["temporal"]["interval"][0][0] == features(street)[0]["properties"]["period_start"]
    rels = {link["rel"].rpartition("/")[2] for link in own["links"]}
    assert rels == {"self", "alternate", "items", "queryables", "sortables", "schema"}
    for link in own["links"]:
        assert street.client.get(link["href"], headers=key).status_code == 200, link
    for below in ("export", "tiles", "tiles/WebMercatorQuad", "tiles/WebMercatorQuad/14/5570/8585"):
        assert street.client.get(f"{PENDING}/{below}", headers=key).status_code == 404
    described = street.client.get(f"{PENDING}/schema", headers=key).json()["properties"]
    told = features(street, limit=1)[0]["properties"]
    assert list(described) == ["id", *told, "geometry"]
    for page in ("", "/items", "/schema"):
        assert "Anträge in Bearbeitung" in street.client.get(f"{PENDING}{page}?f=html", headers=key).text


@pytest.mark.parametrize(
    "query",
    [
        "limit=0", "limit=x", "bbox=1,2,3", "bbox=NaN,1,2,3", "datetime=gestern", "crs=EPSG:1", "sortby=purpose",
        "filter=purpose='x'", "filter=(", "filter=area_m2/0=1", "properties=applicant", "cursor=x", "purpose=x", "f=gpkg",
        "cursor=cGVybWl0cz0x", "offset=-1", "filter=fragment_crs84='x'", "bbox-crs=x", "q=", "zoom-level=x", "x=1",
    ],
)  # fmt: skip
def test_bad_questions_are_problems_that_stay_private(street: Desk, query: str) -> None:
    answer = street.client.get(f"{ITEMS}?{query}", headers=street.key("reader"))
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    assert "access-control-allow-origin" not in answer.headers
    for unknown in ("x", "0" * 300, "3d7b1c1e-7e0a-4b51-9d4f-0a4c3a2b1c0d", "a%00b"):
        gone = street.client.get(f"{ITEMS}/{unknown}", headers=street.key("reader"))
        assert gone.status_code == 404, gone.text


def test_nothing_can_be_written_to_it(street: Desk) -> None:
    for key in (street.key("clerk"), {}):
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            where = ITEMS if method == "POST" else f"{ITEMS}/x"
            answer = street.client.request(method, where, headers=key)
            assert answer.status_code == 405
            assert answer.headers["allow"] == "GET, HEAD, OPTIONS"
