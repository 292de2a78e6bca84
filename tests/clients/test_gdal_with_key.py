"""GDAL with a key of a town, as QGIS sends it with every request: one more layer, and it is that town's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pyogrio
import pytest

from geo_service.db.database import Database, owner_session
from geo_service.db.local_cluster import LocalCluster
from geo_service.identity.api_keys import create_api_key
from tests.clients.server import serving
from tests.conftest import clone
from tests.ogc.rows import insert_rows

FILED = """
INSERT INTO permit (permit_id, town, reference, status, case_group, use_type, purpose, area, area_m2, period, filed_at)
SELECT md5('filed' || i)::uuid, '06431002', 'BEN-2026-' || lpad(i::text, 6, '0'), 'submitted', md5('filed' || i)::uuid, 'geruest', 'geheim',
       ST_SetSRID(ST_Expand(ST_MakePoint(475000 + 10 * i, 5501000), 2), 25832), 16,
       tstzrange('2026-05-31 22:00Z', '2026-06-14 22:00Z'), now()
FROM generate_series(1, 25) AS i"""


@pytest.fixture(scope="module")
def filed(cluster: LocalCluster, template: str) -> Iterator[tuple[str, str]]:
    """Address of a running service with 25 undecided requests, and a key of their town."""
    for database in clone(cluster, template):
        insert_rows(database, permits=5)
        key = _file(database)
        with serving(database) as address:
            yield address, key


def _file(database: Database) -> str:
    with psycopg.connect(database.app_conninfo()) as connection:
        connection.execute(
            "SELECT set_config('app.actor', 'clerk', true), set_config('app.town', '06431002', true)"
        )
        connection.execute(FILED)
    with owner_session(database) as owner:
        return create_api_key(owner, role="reader", town="06431002", name="QGIS")


@contextmanager
def sending(key: str | None) -> Iterator[None]:
    """GDAL sends the key with everything it asks for; its driver overrides GDAL_HTTP_HEADERS by headers of its own."""
    pyogrio.set_gdal_config_options({"GDAL_HTTP_AUTH": key and "BEARER", "GDAL_HTTP_BEARER": key})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({"GDAL_HTTP_AUTH": None, "GDAL_HTTP_BEARER": None})


def test_the_layer_is_there_with_the_key_only(filed: tuple[str, str]) -> None:
    service, key = filed
    for sent, there in ((None, False), (key, True), (None, False)):
        with sending(sent):
            layers = {row[0] for row in pyogrio.list_layers(f"OAPIF:{service}/ogc")}
        assert ("pending" in layers) is there
        assert "permits" in layers


def test_every_request_is_read_over_several_pages(filed: tuple[str, str]) -> None:
    service, key = filed
    with sending(key):
        frame = pyogrio.read_dataframe(
            f"OAPIF:{service}/ogc", layer="pending", PAGE_SIZE=10, INITIAL_REQUEST_PAGE_SIZE=20
        )
        few = pyogrio.read_dataframe(
            f"OAPIF:{service}/ogc", layer="pending", where="reference = 'BEN-2026-000003'"
        )
        metres = pyogrio.read_dataframe(f"OAPIF:{service}/ogc", layer="pending", CRS="EPSG:25832")
    assert (len(frame), len(few), frame.crs.to_epsg()) == (25, 1, 4326)
    assert set(frame["status"]) == {"submitted"}
    assert "geheim" not in frame.to_csv()
    assert metres.geometry.area.tolist() == pytest.approx([16.0] * 25)
