"""OWSLib reads every collection to the last feature, page by page."""

from __future__ import annotations

import json

import pytest
from owslib.ogcapi.features import Features

from tests.clients.conftest import PUBLISHED


def test_owslib_understands_what_is_offered(service: str) -> None:
    client = Features(f"{service}/ogc")
    assert set(client.feature_collections()) == set(PUBLISHED)
    assert "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core" in client.conformance()["conformsTo"]
    assert client.api()["openapi"] == "3.0.3"


@pytest.mark.parametrize("name", PUBLISHED)
def test_owslib_reads_every_feature(service: str, name: str) -> None:
    client = Features(f"{service}/ogc")
    limit = 5000 if name == "road_segments" else 250
    ids: list[str] = []
    while True:
        page = client.collection_items(name, limit=limit, offset=len(ids))
        if not page["features"]:
            break
        ids += [feature["id"] for feature in page["features"]]
    assert len(ids) == len(set(ids)) == PUBLISHED[name]
    assert client.collection(name)["id"] == name
    assert client.collection_item(name, ids[0])["id"] == ids[0]


def test_owslib_filters_by_box_and_time(service: str) -> None:
    client = Features(f"{service}/ogc")
    found = client.collection_items("permits", bbox=[8.0, 49.0, 9.0, 50.0], datetime_="2026-06-03", limit=100)
    assert found["numberMatched"] == 25
    assert client.collection_items("permits", datetime_="2027-06-03/..")["numberMatched"] == 0


def test_owslib_reads_queryables_and_filters(service: str) -> None:
    client = Features(f"{service}/ogc")
    queryables = client.collection_queryables("construction_sites")
    assert queryables["properties"]["end_known"]["type"] == "boolean"
    found = client.collection_items("construction_sites", filter="end_known = false", limit=200)
    assert found["numberMatched"] == 120
    assert {feature["properties"]["end_known"] for feature in found["features"]} == {False}
    node = {"op": "=", "args": [{"property": "end_known"}, False]}
    by_json = client.collection_items(
        "construction_sites", filter=json.dumps(node), **{"filter-lang": "cql2-json"}, limit=1
    )
    assert by_json["numberMatched"] == 120
