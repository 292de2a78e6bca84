"""Which features lie in an area, at its edges and corners: beside shapely on the same shapes."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
import shapely
from starlette.testclient import TestClient

from geo_service.app import build_app
from geo_service.db.database import Database
from geo_service.db.local_cluster import LocalCluster
from geo_service.ogc.collection import CRS84, EPSG_25832
from geo_service.ogc.place import find_area
from geo_service.settings import Settings
from tests.conftest import clone
from tests.ogc.in_memory import never_read, read_into_memory
from tests.ogc.rows import insert_shapes

WEST, SOUTH, SIDE = 475_000, 5_500_000, 1_000


def roads() -> dict[str, shapely.LineString]:
    """Lines of two to nine points, from a metre to twice the square; straight, bent, and along one axis."""
    dice = random.Random(26)
    found = {}
    for number in range(1_500):
        step = dice.choice((0.4, 3, 30, 300))
        x, y = WEST + dice.uniform(-200, SIDE + 200), SOUTH + dice.uniform(-200, SIDE + 200)
        points = [(x, y)]
        along = dice.choice(("any", "any", "x", "y"))
        for _ in range(dice.randrange(1, 9)):
            x += 0 if along == "y" else dice.uniform(-step, step)
            y += 0 if along == "x" else dice.uniform(-step, step)
            points.append((x, y))
        found[f"edge:{number}"] = shapely.LineString(points)
    return found


@pytest.fixture(scope="module")
def ground(cluster: LocalCluster, template: str) -> Iterator[Database]:
    for database in clone(cluster, template):
        shapes = {name: shapely.to_wkb(axis) for name, axis in roads().items()}
        insert_shapes(database, [{"id": name, "name": None, "axis": axis} for name, axis in shapes.items()])
        yield database


def areas(system: str, *, count: int) -> list[str]:
    """Boxes from two metres to more than the square, as a client writes them."""
    dice = random.Random(27)
    written = []
    for _ in range(count):
        width, height = (dice.choice((2, 15, 120, 900)) * dice.uniform(0.5, 1.5) for _ in range(2))
        x, y = WEST + dice.uniform(-100, SIDE), SOUTH + dice.uniform(-100, SIDE)
        if system == EPSG_25832:
            written.append(f"{x:.3f},{y:.3f},{x + width:.3f},{y + height:.3f}")
        else:
            west, south = 8.6545 + (x - WEST) / 72_000, 49.6515 + (y - SOUTH) / 111_200
            written.append(
                f"{west:.6f},{south:.6f},{west + width / 72_000:.6f},{south + height / 111_200:.6f}"
            )
    return written


@pytest.fixture(params=["in memory", "in the database"])
def client(
    request: pytest.FixtureRequest, ground: Database, monkeypatch: pytest.MonkeyPatch
) -> Iterator[TestClient]:
    """A process that has read the collection, and one that never does."""
    if request.param == "in the database":
        never_read(monkeypatch)
    with TestClient(build_app(Settings(), ground), base_url="http://testserver") as client:
        read_into_memory(client)
        yield client


@pytest.mark.parametrize("system", [CRS84, EPSG_25832])
def test_a_page_has_exactly_what_meets_the_area(client: TestClient, system: str) -> None:
    stored = roads()
    met = cut = 0
    for box in areas(system, count=150):
        asked = {"bbox": box, "bbox-crs": system, "limit": "10000"}
        answer = client.get("/ogc/collections/road_segments/items", params=asked).json()
        hits = client.get(
            "/ogc/collections/road_segments/items", params={**asked, "resultType": "hits"}
        ).json()
        area = find_area(box, system)
        assert area is not None
        shape = shapely.from_wkb(area.wkb)
        expected = {name for name, axis in stored.items() if axis.intersects(shape)}
        assert {feature["id"] for feature in answer["features"]} == expected, box
        assert answer["numberMatched"] == hits["numberMatched"] == len(expected)
        gids = [int(feature["id"].partition(":")[2]) for feature in answer["features"]]
        assert gids == sorted(gids)
        met += len(expected)
        cut += sum(axis.intersects(shape.boundary) for axis in stored.values())
    assert met > 5_000
    assert cut > 2_000


def test_pages_of_an_area_one_after_the_other_have_each_feature_once(client: TestClient) -> None:
    stored = roads()
    box = f"{WEST},{SOUTH},{WEST + 600},{SOUTH + 600}"
    expected = sorted(
        (name for name, axis in stored.items() if axis.intersects(shapely.box(*map(float, box.split(","))))),
        key=lambda name: int(name.partition(":")[2]),
    )
    address: str | None = f"/ogc/collections/road_segments/items?limit=17&bbox-crs={EPSG_25832}&bbox={box}"
    pages = []
    while address is not None:
        page = client.get(address).json()
        pages.append([feature["id"] for feature in page["features"]])
        assert page["numberMatched"] == len(expected)
        assert page["numberReturned"] == len(pages[-1])
        address = next((link["href"] for link in page["links"] if link["rel"] == "next"), None)
    skipped = client.get(
        f"/ogc/collections/road_segments/items?limit=5&offset=20&bbox-crs={EPSG_25832}&bbox={box}"
    ).json()
    assert [name for page in pages for name in page] == expected
    assert {len(page) for page in pages[:-1]} == {17}
    assert [feature["id"] for feature in skipped["features"]] == expected[20:25]
