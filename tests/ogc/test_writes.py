"""OGC API Features Part 4 on construction sites: create, replace, update, cancel, and who may not."""

from __future__ import annotations

from typing import Any

import pytest
from httpx import Response
from openapi_spec_validator import OpenAPIV30SpecValidator
from shapely.geometry import box, mapping, shape

from geo_service.crs import reproject
from geo_service.web.ogc_writes import site_receivables
from geo_service.web.site_body import SiteProperties
from tests.objects.conftest import DAYS, address, entered, feature
from tests.permits.conftest import BENSHEIM, VIERNHEIM, Desk, desk, open_desk, standing_desk

__all__ = ["desk", "open_desk", "standing_desk"]

ITEMS = "/ogc/collections/construction_sites/items"
SITES = "construction-sites"
PATCH = {"Content-Type": "application/merge-patch+json"}
GEOJSON = {"Content-Type": "application/geo+json"}
SYSTEM = "<http://www.opengis.net/def/crs/EPSG/0/{}>"


def create(desk: Desk, body: dict[str, Any] | None = None, **headers: str) -> Response:
    sent = feature(desk, SITES, state="confirmed") if body is None else body
    answer: Response = desk.client.post(ITEMS, json=sent, headers={**desk.key(), **GEOJSON, **headers})
    return answer


def created(desk: Desk, **more: Any) -> tuple[str, Response]:
    """Address of a new site, and the published feature as it was read there."""
    answer = create(desk, feature(desk, SITES, **{"state": "confirmed", **more}))
    assert answer.status_code == 201, answer.text
    read: Response = desk.client.get(answer.headers["Location"])
    assert read.status_code == 200
    return answer.headers["Location"], read


def write(desk: Desk, method: str, at: str, tag: str | None, body: Any = None, **headers: str) -> Response:
    more = {} if tag is None else {"If-Match": tag}
    kind = PATCH if method == "PATCH" else GEOJSON
    answer: Response = desk.client.request(
        method, at, json=body, headers={**desk.key(), **kind, **more, **headers}
    )
    return answer


def test_a_site_is_created_read_changed_and_cancelled(desk: Desk) -> None:
    at, read = created(desk)
    assert at.startswith("http") and ITEMS in at
    published = read.json()
    assert published["properties"]["title"] == "Kanal"
    assert read.headers["ETag"].startswith('"1.')
    published["properties"]["title"] = "Fernwärme"
    replaced = write(desk, "PUT", at, read.headers["ETag"], published)
    assert (replaced.status_code, replaced.headers["ETag"]) == (200, '"2"'), replaced.text
    again = desk.client.get(at)
    assert again.json()["properties"]["title"] == "Fernwärme"
    assert shape(again.json()["geometry"]).equals_exact(shape(published["geometry"]), 1e-9)
    patched = write(desk, "PATCH", at, again.headers["ETag"], {"properties": {"client": "Stadtwerke"}})
    assert patched.status_code == 200, patched.text
    told = desk.client.get(at)
    assert (told.json()["properties"]["title"], told.json()["properties"]["client"]) == (
        "Fernwärme", "Stadtwerke",
    )  # fmt: skip
    gone = write(desk, "DELETE", at, told.headers["ETag"])
    assert gone.status_code == 200
    assert desk.client.get(at).status_code == 404
    one = desk.client.get(address(SITES, published["id"]), headers=desk.key()).json()
    assert [step["deed"] for step in one["properties"]["history"]] == [
        "created", "changed", "changed", "cancelled",
    ]  # fmt: skip
    assert write(desk, "PATCH", at, "*", {"properties": {"title": "x"}}).status_code == 409


def test_what_is_not_shown_stays_when_the_shown_is_sent_back(desk: Desk) -> None:
    private = {
        "phone_24h": "06251 1", "contractor": "Tiefbau", "consents": ["fire_brigade"],
        "traffic_order": {"number": "7", "authority": "Stadt", **DAYS},
        "recurrence": {"weekdays": ["mon"], "from_time": "08:00:00", "until_time": "16:00:00", "season": None},
    }  # fmt: skip
    at, read = created(desk, **private)
    document = write(desk, "PUT", at, read.headers["ETag"], read.json()).json()
    told = document["properties"]
    assert {name: told[name] for name in private} == private
    assert told["history"][-1]["fields"] == []
    stated = {**read.json(), "properties": {**read.json()["properties"], "phone_24h": None}}
    told = write(desk, "PUT", at, "*", stated).json()["properties"]
    assert (told["phone_24h"], told["contractor"]) == (None, "Tiefbau")


def test_works_of_a_few_hours_stay_so_when_their_day_is_sent_back(desk: Desk) -> None:
    hours = {"start": f"{DAYS['from']}T06:00:00Z", "end": f"{DAYS['from']}T14:00:00Z"}
    body = feature(desk, SITES, state="confirmed", **hours)
    del body["properties"]["from"], body["properties"]["until"]
    at = create(desk, body).headers["Location"]
    read = desk.client.get(at)
    for method, sent in (("PUT", read.json()), ("PATCH", {"properties": {"title": "Kabel"}})):
        told = write(desk, method, at, "*", sent).json()["properties"]
        assert (told["period_start"], told["period_end"]) == (hours["start"], hours["end"])
    whole = write(desk, "PATCH", at, "*", {"properties": {"until": DAYS["until"]}}).json()["properties"]
    assert (whole["from"], whole["until"]) == (DAYS["from"], DAYS["until"])
    assert whole["period_start"] != hours["start"]
    open_end = write(desk, "PATCH", at, "*", {"properties": {"until": None}}).json()["properties"]
    assert (open_end["from"], open_end["until"]) == (DAYS["from"], None)


def test_without_the_tag_that_was_read_nothing_is_changed(desk: Desk) -> None:
    at, read = created(desk)
    stale = read.headers["ETag"]
    assert write(desk, "PATCH", at, stale, {"properties": {"title": "first"}}).status_code == 200
    for method, body in (
        ("PUT", read.json()),
        ("PATCH", {"properties": {"title": "second"}}),
        ("DELETE", None),
    ):
        assert write(desk, method, at, None, body).status_code == 428
        for tag in (stale, f"W/{stale}", '"99"', '"x"', "1"):
            assert write(desk, method, at, tag, body).status_code == 412, tag
    zipped = desk.client.get(at, headers={"Accept-Encoding": "gzip"})
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert write(desk, "PATCH", at, zipped.headers["ETag"], {"properties": {"title": "z"}}).status_code == 200
    assert desk.client.get(at).json()["properties"]["title"] == "z"


def test_what_would_stand_over_something_binding_is_refused_with_the_findings(desk: Desk) -> None:
    at, read = created(desk, takes=["footway"])
    second = create(desk, feature(desk, SITES, state="confirmed", title="Gas"))
    assert (second.status_code, second.headers["content-type"]) == (409, "application/problem+json")
    finding = second.json()["findings"][0]
    assert (finding["severity"], finding["other"]["id"]) == ("block", read.json()["id"])
    assert second.headers["access-control-allow-origin"] == "*"
    planned = create(desk, feature(desk, SITES, title="Gas"))
    assert planned.status_code == 201
    confirm = {"properties": {"state": "confirmed"}}
    blocked = write(desk, "PATCH", planned.headers["Location"], "*", confirm)
    assert (blocked.status_code, blocked.json()["findings"][0]["rule"]) == (409, finding["rule"])
    away = {"geometry": desk.draw(300, 300, w=10, h=5), **confirm}
    assert write(desk, "PATCH", planned.headers["Location"], "*", away).status_code == 200
    assert desk.client.get(at).json() == read.json()


def test_only_the_desk_of_the_own_town_writes(desk: Desk) -> None:
    at, _ = created(desk)
    body = feature(desk, SITES, 100)
    patch = {"properties": {"title": "fremd"}}
    for headers, posted, patched in (
        ({}, 401, 401), ({"Authorization": "Bearer x"}, 401, 401), (desk.key("reader", None), 403, 403),
        (desk.key(town=VIERNHEIM), 403, 404),
    ):  # fmt: skip
        kinds = {**headers, **GEOJSON}
        assert desk.client.post(ITEMS, json=body, headers=kinds).status_code == posted
        changed = desk.client.patch(at, json=patch, headers={**headers, **PATCH, "If-Match": "*"})
        assert changed.status_code == patched
        assert changed.headers["access-control-allow-origin"] == "*"
        assert desk.client.delete(at, headers={**headers, "If-Match": "*"}).status_code == patched
    assert desk.client.get(at).json()["properties"]["title"] == "Kanal"


@pytest.mark.parametrize("srid", [25832, 25833, 3857, 4258, 4326])
def test_a_body_may_be_drawn_in_every_offered_system(desk: Desk, srid: int) -> None:
    x, y = desk.centres[BENSHEIM]
    drawn = reproject(box(x, y, x + 10, y + 5), 25832, srid)
    geometry: dict[str, Any] = dict(mapping(drawn))
    if srid in (4258, 4326):
        geometry["coordinates"] = [[[lat, lon] for lon, lat in ring] for ring in geometry["coordinates"]]
    body = {**feature(desk, SITES, state="confirmed"), "geometry": geometry}
    answer = create(desk, body, **{"Content-Crs": SYSTEM.format(srid)})
    assert answer.status_code == 201, answer.text
    stored = desk.client.get(answer.headers["Location"], params={"crs": "EPSG:25832"}).json()["geometry"]
    assert shape(stored).hausdorff_distance(box(x, y, x + 10, y + 5)) < 0.002
    moved = write(
        desk,
        "PATCH",
        answer.headers["Location"],
        "*",
        {"geometry": geometry},
        **{"Content-Crs": SYSTEM.format(srid)},
    )
    assert moved.json()["properties"]["history"][-1]["fields"] == []


def test_another_system_is_refused_by_name(standing_desk: Desk) -> None:
    desk = standing_desk
    answer = create(desk, **{"Content-Crs": SYSTEM.format(31467)})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "Content-Crs")
    degrees = create(desk, **{"Content-Crs": SYSTEM.format(25832)})  # degrees said to be metres
    assert (degrees.status_code, degrees.json()["errors"][0]["pointer"][:9]) == (422, "/geometry")


@pytest.mark.parametrize(
    ("body", "kind", "status", "pointer"),
    [
        (b"{", "application/geo+json", 400, None), (b"[]", "application/geo+json", 400, None), (b"", "application/geo+json", 400, None),
        (b"1", "application/geo+json", 400, None), (b'{"a":' * 60 + b"1" + b"}" * 60, "application/geo+json", 400, None),
        (b"[" * 5000, "application/geo+json", 400, None), (b"\xff", "application/geo+json", 400, None),
        (b"{}", "application/geo+json", 422, "/type"), (b"<wfs/>", "application/gml+xml", 415, None), (b"a=b", "application/x-www-form-urlencoded", 415, None),
        (b"--x", "multipart/form-data", 400, None),
        (b'{"type":"Feature","geometry":null,"properties":{"title":"x","from":"2027-01-01"}}', "application/json", 422, "/geometry"),
        (b'{"type":"Feature","geometry":{"type":"Point","coordinates":[1e400,1]},"properties":{"title":"x"}}', "application/json", 400, None),
        (b'{"type":"Feature","geometry":{"type":"Polygon"},"properties":{"title":"x","from":"2027-01-01"}}', "application/json", 422, "/geometry/coordinates"),
        (b'{"type":"Feature","geometry":{},"properties":{"colour":"red"}}', "application/json", 422, "/properties/title"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused(
    standing_desk: Desk, body: bytes, kind: str, status: int, pointer: str | None
) -> None:
    for more in ({}, {"Content-Crs": SYSTEM.format(25832)}, {"Content-Crs": SYSTEM.format(4326)}):
        headers = {**standing_desk.key(), "Content-Type": kind, **more}
        answer = standing_desk.client.post(ITEMS, content=body, headers=headers)
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        if pointer:
            assert answer.json()["errors"][0]["pointer"] == pointer


def test_the_same_deed_twice_with_one_key_is_done_once(desk: Desk) -> None:
    first, second = (create(desk, **{"Idempotency-Key": "a"}) for _ in range(2))
    assert first.headers["Location"] == second.headers["Location"]
    assert second.headers["Idempotent-Replayed"] == "true"
    assert desk.client.get(ITEMS).json()["numberMatched"] == 1


def test_what_is_not_public_is_found_at_its_desk(desk: Desk) -> None:
    answer = create(desk, feature(desk, SITES, is_public=False))
    at = answer.headers["Location"]
    assert at.startswith("http") and f"/api/v1/{SITES}/" in at
    assert desk.client.get(at, headers=desk.key()).json()["id"] == answer.json()["id"]
    ogc = f"{ITEMS}/{answer.json()['id']}"
    assert desk.client.get(ogc).status_code == 404
    shown = write(desk, "PATCH", ogc, '"1"', {"properties": {"is_public": True}})
    assert shown.status_code == 200, shown.text
    assert desk.client.get(ogc).status_code == 200


def test_both_addresses_are_one_deed(desk: Desk) -> None:
    stored = entered(desk, SITES, state="confirmed")
    at = f"{ITEMS}/{stored['id']}"
    tag = desk.client.get(at).headers["ETag"]
    assert (
        desk.client.delete(address(SITES, stored["id"]), headers={**desk.key(), "If-Match": tag}).status_code
        == 200
    )
    assert desk.client.get(at).status_code == 404


def test_options_and_allow_say_what_may_be_done(desk: Desk) -> None:
    one = f"{ITEMS}/00000000-0000-0000-0000-000000000000"
    said = desk.client.options(ITEMS)
    assert (said.status_code, said.headers["Allow"]) == (204, "GET, HEAD, OPTIONS, POST")
    assert "application/geo+json" in said.headers["Accept-Post"]
    said = desk.client.options(one)
    assert said.headers["Allow"] == "GET, HEAD, OPTIONS, PUT, PATCH, DELETE"
    assert said.headers["Accept-Patch"] == "application/merge-patch+json"
    assert "If-Match" in said.headers["access-control-allow-headers"]
    for at, method, allowed in (
        (ITEMS, "DELETE", "GET, HEAD, OPTIONS, POST"), (one, "POST", "GET, HEAD, OPTIONS, PUT, PATCH, DELETE"),
        ("/ogc/collections/events/items", "POST", "GET, HEAD, OPTIONS"), ("/ogc/collections/towns/items/1", "PUT", "GET, HEAD, OPTIONS"),
    ):  # fmt: skip
        refused = desk.client.request(method, at, headers=desk.key())
        assert (refused.status_code, refused.headers["Allow"]) == (405, allowed)
        assert refused.headers["content-type"] == "application/problem+json"
        assert refused.headers["access-control-allow-origin"] == "*"
    assert desk.client.options("/ogc/collections/events/items").headers["Allow"] == "GET, HEAD, OPTIONS"
    assert write(desk, "PUT", one, "*", feature(desk, SITES)).status_code == 404
    assert write(desk, "PUT", f"{ITEMS}/7", "*", feature(desk, SITES)).status_code == 404
    unknown = desk.client.post(ITEMS, params={"crs": "EPSG:25832"}, json={}, headers=desk.key())
    assert (unknown.status_code, unknown.json()["errors"][0]["pointer"]) == (400, "crs")


def test_the_documents_tell_what_may_be_stated(desk: Desk) -> None:
    stated = set(site_receivables())
    assert stated == {field.alias or name for name, field in SiteProperties.model_fields.items()}
    document = desk.client.get("/ogc/api").json()
    OpenAPIV30SpecValidator(document).validate()
    items = document["paths"]["/collections/construction_sites/items"]
    one = document["paths"]["/collections/construction_sites/items/{featureId}"]
    assert (set(items), set(one)) == ({"get", "post"}, {"get", "put", "patch", "delete"})
    assert set(document["paths"]["/collections/events/items"]) == {"get"}
    body = items["post"]["requestBody"]["content"]["application/geo+json"]["schema"]
    assert set(body["properties"]["properties"]["properties"]) == stated
    schema = desk.client.get("/ogc/collections/construction_sites/schema").json()["properties"]
    assert {name for name, part in schema.items() if not part.get("readOnly")} == stated | {"geometry"}
    carried = set(entered_feature(desk)["properties"]) | {"id", "geometry"}
    assert {name for name, part in schema.items() if not part.get("writeOnly")} == carried
    classes = desk.client.get("/ogc/conformance").json()["conformsTo"]
    for name in ("create-replace-delete", "update", "features", "optimistic-locking-etags"):
        assert f"http://www.opengis.net/spec/ogcapi-features-4/1.0/conf/{name}" in classes


def entered_feature(desk: Desk) -> dict[str, Any]:
    return dict(created(desk)[1].json())
