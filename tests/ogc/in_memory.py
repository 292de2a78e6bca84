"""Whether a process under test has read its collections into memory."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from geo_service.ogc.collection import COLLECTIONS, CRS84, EPSG_25832
from geo_service.ogc.memory import kept_places, packed_features
from geo_service.ogc.parameters import read_items_query

ROADS = "/ogc/collections/road_segments/items"
_ANYWHERE = "bbox=8.5,49.5,8.7,49.7"


def never_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every collection is too large from now on."""
    monkeypatch.setattr(kept_places, "MOST_ROWS", -1)
    monkeypatch.setattr(packed_features, "MOST_BYTES", -1)


def read_into_memory(client: TestClient, path: str = ROADS) -> None:
    """Ask for pages in both systems, and wait until what that starts has ended."""
    for system in (CRS84, EPSG_25832):
        assert client.get(f"{path}?limit=1&crs={system}&{_ANYWHERE}").status_code == 200
        settle(client)


def settle(client: TestClient) -> None:
    """Wait until nothing is being read."""
    state = client.app.state  # type: ignore[attr-defined]
    assert client.portal is not None
    for each in (state.kept_places, state.packed_features, state.kept_lines):
        client.portal.call(each.beside.settled)


def holds_places(client: TestClient, collection: str = "road_segments") -> bool:
    """Whether places of a collection are there, of whatever state."""
    query = read_items_query(collection, dict([_ANYWHERE.split("=")]))
    return client.app.state.kept_places.get(COLLECTIONS[collection], query) is not None  # type: ignore[attr-defined]
