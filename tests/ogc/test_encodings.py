"""Every encoding shows the same features; `f` beats Accept; some properties, and no others."""

from __future__ import annotations

import csv
import io
import json

import pyogrio
import pytest
from fastapi.testclient import TestClient
from shapely import from_wkt
from shapely.geometry import shape

from geo_service.ogc.collection import COLLECTIONS, EPSG_25832
from tests.ogc.rows import ODD_NAMES

ITEMS = "/ogc/collections/{}/items"
TYPES = {
    "json": "application/geo+json",
    "html": "text/html; charset=utf-8",
    "jsonfg": "application/fg+json",
    "geojsonseq": "application/geo+json-seq",
    "csv": "text/csv; charset=utf-8; header=present",
    "fgb": "application/vnd.flatgeobuf",
}


@pytest.mark.parametrize("name", COLLECTIONS)
@pytest.mark.parametrize("form", TYPES)
def test_every_encoding_is_offered_and_linked(client: TestClient, name: str, form: str) -> None:
    answer = client.get(ITEMS.format(name), params={"f": form, "limit": 3}, headers={"Accept": "image/png"})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == TYPES[form]
    assert answer.headers["etag"]
    plain = client.get(ITEMS.format(name), params={"limit": 3}).json()
    alternates = {
        link["href"].rpartition("f=")[2]: link["type"]
        for link in plain["links"]
        if link["rel"] == "alternate"
    }
    assert set(alternates) == set(TYPES) - {"json"}
    assert f'type="{TYPES[form].split(";")[0]}' in answer.headers["link"]


@pytest.mark.parametrize("form", ["json", "html", "jsonfg", "geojsonseq", "csv", "fgb"])
def test_accept_chooses_where_f_is_silent(client: TestClient, form: str) -> None:
    wanted = TYPES[form].split(";")[0]
    answer = client.get(ITEMS.format("events"), headers={"Accept": f"{wanted}, */*;q=0.1"})
    assert answer.headers["content-type"] == TYPES[form]
    assert "Accept" in answer.headers["vary"]


def _rows(client: TestClient, name: str, **params: object) -> list[dict[str, str]]:
    answer = client.get(ITEMS.format(name), params={"f": "csv", "limit": 10_000, **params})
    return list(csv.DictReader(io.StringIO(answer.text)))


@pytest.mark.parametrize("name", COLLECTIONS)
def test_csv_and_sequence_hold_what_geojson_holds(client: TestClient, name: str) -> None:
    features = client.get(ITEMS.format(name), params={"limit": 200}).json()["features"]
    sequence = client.get(ITEMS.format(name), params={"limit": 200, "f": "geojsonseq"}).content
    assert sequence.startswith(b"\x1e")
    assert [json.loads(part) for part in sequence.split(b"\x1e")[1:]] == features
    rows = _rows(client, name, limit=200)
    assert list(rows[0]) == ["id", *features[0]["properties"], "geometry"]
    for row, feature in zip(rows, features, strict=True):
        assert row["id"] == feature["id"]
        if feature["geometry"] is None:
            assert row["geometry"] == ""
        else:
            assert from_wkt(row["geometry"]).equals_exact(shape(feature["geometry"]), 1e-7)
        for key, value in feature["properties"].items():
            shown = (
                ""
                if value is None
                else ";".join(value)
                if isinstance(value, list)
                else str(value).lower()
                if isinstance(value, bool)
                else str(value)
            )
            assert row[key] == shown


@pytest.mark.parametrize("name", COLLECTIONS)
@pytest.mark.parametrize("crs", ["OGC:CRS84", "EPSG:25832"])
def test_flatgeobuf_opens_in_gdal(client: TestClient, name: str, crs: str) -> None:
    page = client.get(ITEMS.format(name), params={"limit": 150, "crs": crs}).json()["features"]
    answer = client.get(ITEMS.format(name), params={"limit": 150, "crs": crs, "f": "fgb"})
    frame = pyogrio.read_dataframe(io.BytesIO(answer.content))
    assert frame.crs.to_epsg() == (25832 if crs == "EPSG:25832" else None) or frame.crs.to_authority() == (
        "OGC",
        "CRS84",
    )
    found = frame.set_index("id")
    assert set(found.index) == {feature["id"] for feature in page}
    for feature in page:
        row = found.loc[feature["id"]]
        if feature["geometry"] is None:
            assert row.geometry is None
        else:
            assert row.geometry.equals_exact(shape(feature["geometry"]), 1e-9)
        assert row["updated_at"] == feature["properties"]["updated_at"]
        assert bool(row["demo"]) is feature["properties"]["demo"]


@pytest.mark.parametrize("crs", ["http://www.opengis.net/def/crs/OGC/1.3/CRS84", EPSG_25832])
def test_json_fg_says_time_and_place(client: TestClient, crs: str) -> None:
    features = client.get(ITEMS.format("construction_sites"), params={"limit": 20, "crs": crs}).json()[
        "features"
    ]
    page = client.get(
        ITEMS.format("construction_sites"), params={"limit": 20, "crs": crs, "f": "jsonfg"}
    ).json()
    assert page["conformsTo"] == ["http://www.opengis.net/spec/json-fg-1/1.0/conf/core"]
    assert (page["featureType"], page["coordRefSys"]) == ("construction_sites", crs)
    where, other = ("place", "geometry") if crs == EPSG_25832 else ("geometry", "place")
    intervals = []
    for shown, plain in zip(page["features"], features, strict=True):
        assert set(shown) == {"type", "id", "time", "place", "geometry", "properties"}
        assert shown[where] == plain["geometry"]
        assert shown[other] is None
        intervals.append(shown["time"] and tuple(shown["time"]["interval"]))
    assert ("2026-05-31T22:00:00Z", "..") in intervals
    assert ("2026-05-31T22:00:00Z", "2026-06-14T22:00:00Z") in intervals
    assert None in intervals
    one = client.get(
        f"{ITEMS.format('construction_sites')}/{features[0]['id']}", params={"f": "jsonfg", "crs": crs}
    )
    assert one.headers["content-type"] == "application/fg+json"
    assert one.json()[where] == features[0]["geometry"]
    assert one.json()["coordRefSys"] == crs


def test_gdal_reads_our_json_fg_in_metres(client: TestClient) -> None:
    answer = client.get(ITEMS.format("permits"), params={"limit": 25, "crs": EPSG_25832, "f": "jsonfg"})
    frame = pyogrio.read_dataframe(io.BytesIO(answer.content))
    assert len(frame) == 25
    assert frame.crs.to_epsg() == 25832
    assert frame.geometry.area.tolist() == pytest.approx([16.0] * 25)


@pytest.mark.parametrize("form", ["json", "jsonfg", "geojsonseq"])
def test_only_the_properties_asked_for_are_shown(client: TestClient, form: str) -> None:
    answer = client.get(
        ITEMS.format("events"), params={"properties": "title,kind_label_de", "limit": 5, "f": form}
    )
    if form == "geojsonseq":
        features = [json.loads(part) for part in answer.content.split(b"\x1e")[1:]]
    else:
        features = answer.json()["features"]
    assert len(features) == 5
    for feature in features:
        assert list(feature["properties"]) == ["title", "kind_label_de"]
        assert feature["properties"]["title"] in ODD_NAMES
        assert "geometry" in feature
    one = client.get(f"{ITEMS.format('events')}/{features[0]['id']}", params={"properties": "kind"}).json()
    assert list(one["properties"]) == ["kind"]


def test_selected_columns_of_a_table(client: TestClient) -> None:
    assert list(_rows(client, "permits", properties="area_m2,reference")[0]) == [
        "id",
        "area_m2",
        "reference",
        "geometry",
    ]


@pytest.mark.parametrize(
    "value", ["", "nothing", "title,", "geometry", "title,site_id", "published", "fragment_crs84"]
)
def test_a_property_that_is_not_published_cannot_be_selected(client: TestClient, value: str) -> None:
    for address in (ITEMS.format("events"), "/ogc/collections/towns/items/06431002"):
        answer = client.get(address, params={"properties": value})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "properties")


@pytest.mark.parametrize("name", COLLECTIONS)
def test_the_schema_names_what_features_carry(client: TestClient, name: str) -> None:
    feature = client.get(ITEMS.format(name), params={"limit": 1}).json()["features"][0]
    document = client.get(f"/ogc/collections/{name}/schema").json()
    read = {name for name, one in document["properties"].items() if not one.get("writeOnly")}
    assert read == {"id", "geometry", *feature["properties"]}
    assert document["properties"]["geometry"]["x-ogc-role"] == "primary-geometry"
    assert document["properties"]["id"]["x-ogc-role"] == "id"
    from jsonschema import Draft202012Validator

    Draft202012Validator.check_schema(document)
    for page in ("queryables", "sortables", "schema"):
        answer = client.get(f"/ogc/collections/{name}/{page}")
        assert answer.headers["content-type"] == "application/schema+json"
        assert answer.json()["$id"].endswith(f"/{name}/{page}")
        rels = {link["href"]: link["rel"] for link in client.get(f"/ogc/collections/{name}").json()["links"]}
        assert (
            rels[f"http://testserver/ogc/collections/{name}/{page}"]
            == f"http://www.opengis.net/def/rel/ogc/1.0/{page}"
        )
        html = client.get(f"/ogc/collections/{name}/{page}", params={"f": "html"})
        assert html.status_code == 200
        assert "<table" in html.text


def test_feature_values_are_of_the_types_of_the_schema(client: TestClient) -> None:
    from jsonschema import Draft202012Validator

    for name in COLLECTIONS:
        document = client.get(f"/ogc/collections/{name}/schema").json()
        for feature in client.get(ITEMS.format(name), params={"limit": 40}).json()["features"]:
            present = {key: value for key, value in feature["properties"].items() if value is not None}
            Draft202012Validator(document).validate(present)
