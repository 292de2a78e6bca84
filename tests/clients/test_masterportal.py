"""The Masterportal's query: limit=10000, box and answer in EPSG:25832, then every `next`, from another origin."""

from __future__ import annotations

from typing import Any

import httpx
from shapely import STRtree, box
from shapely.geometry import shape

METRES = "http://www.opengis.net/def/crs/EPSG/0/25832"
ORIGIN = "https://geoportal.example.org"
WHOLE = (470_000, 5_495_000, 485_000, 5_510_000)
PART = (472_000, 5_496_100, 474_000, 5_496_300)


def loaded(service: str, collection: str, edges: tuple[int, ...], **more: Any) -> list[list[dict[str, Any]]]:
    """The features of every page, as the portal loads a layer: Accept as a browser sends it, links followed."""
    query = {"limit": 10_000, "crs": METRES, "bbox": ",".join(map(str, edges)), "bbox-crs": METRES, **more}
    address: str | None = str(httpx.URL(f"{service}/ogc/collections/{collection}/items", params=query))
    pages = []
    with httpx.Client(headers={"Accept": "application/geo+json", "Origin": ORIGIN}, timeout=30) as client:
        while address is not None:
            answer = client.get(address)
            assert answer.status_code == 200, answer.text
            assert answer.headers["access-control-allow-origin"] == "*"
            assert answer.headers["content-crs"] == f"<{METRES}>"
            assert answer.headers["content-type"] == "application/geo+json"
            page = answer.json()
            pages.append(page["features"])
            following = [link["href"] for link in page["links"] if link["rel"] == "next"]
            address = following[0] if following else None
    return pages


def test_every_page_of_a_layer_is_loaded_in_metres(service: str) -> None:
    pages = loaded(service, "road_segments", WHOLE)
    assert [len(page) for page in pages] == [10_000, 10_000, 5_050]
    ids = {feature["id"] for page in pages for feature in page}
    assert len(ids) == 25_050
    for feature in pages[1][:100]:
        (x, y), *_ = feature["geometry"]["coordinates"]
        assert WHOLE[0] < x < WHOLE[2]
        assert WHOLE[1] < y < WHOLE[3]


def test_a_part_of_the_map_holds_what_lies_in_it(service: str) -> None:
    everything = [shape(one["geometry"]) for page in loaded(service, "road_segments", WHOLE) for one in page]
    expected = STRtree(everything).query(box(*PART), predicate="intersects")
    (page,) = loaded(service, "road_segments", PART)
    assert len(page) == len(expected) > 1_000
    assert all(shape(one["geometry"]).intersects(box(*PART)) for one in page)


def test_a_layer_with_filter_and_time_keeps_them_on_every_page(service: str) -> None:
    found = loaded(
        service, "construction_sites", WHOLE, limit=400, datetime="2026-06-01/..", filter="end_known = true"
    )
    assert len(found) > 2
    assert {one["properties"]["end_known"] for page in found for one in page} == {True}
    ids = [one["id"] for page in found for one in page]
    assert len(ids) == len(set(ids))
