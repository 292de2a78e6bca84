"""Connections that a restart of the database left dead are noticed and replaced."""

from __future__ import annotations

import httpx
import psycopg

from geo_service.db.database import Database
from geo_service.db.local_cluster import LocalCluster
from tests.clients.server import serving

CHECK = {
    "type": "Feature",
    "geometry": {"type": "Polygon", "coordinates": [[[8.61, 49.68], [8.6101, 49.68], [8.6101, 49.6801], [8.61, 49.68]]]},
    "properties": {"use_type": "geruest", "from": "2027-03-01", "until": "2027-03-14"},
}  # fmt: skip


def _end_connections(cluster: LocalCluster, database: Database) -> int:
    dbname = psycopg.conninfo.conninfo_to_dict(database.app)["dbname"]
    with psycopg.connect(cluster.conninfo("postgres", "postgres"), autocommit=True) as admin:
        ended = admin.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = %s", [dbname]
        ).fetchone()
    assert ended is not None
    return int(ended[0])


def test_pages_and_checks_go_on_after_the_database_closed_every_connection(
    cluster: LocalCluster, town_database: Database
) -> None:
    with serving(town_database) as address, httpx.Client(base_url=address) as client:
        assert client.get("/ogc/collections/towns/items").status_code == 200
        assert client.post("/api/v1/conflict-checks", json=CHECK).status_code == 200
        assert _end_connections(cluster, town_database) >= 2
        assert client.get("/ogc/collections/towns/items").status_code == 200
        first = client.post("/api/v1/conflict-checks", json=CHECK).status_code
        assert first in (200, 503)
        assert client.post("/api/v1/conflict-checks", json=CHECK).status_code == 200
