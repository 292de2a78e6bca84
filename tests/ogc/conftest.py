from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from geo_service.app import build_app
from geo_service.db.database import Database
from geo_service.db.local_cluster import LocalCluster
from geo_service.settings import Settings
from tests.conftest import clone
from tests.ogc.rows import insert_rows


@pytest.fixture(scope="module")
def filled_database(cluster: LocalCluster, template: str) -> Iterator[Database]:
    """One database for a file of read-only tests; what is in it stands below."""
    for database in clone(cluster, template):
        insert_rows(database, roads=10_050, sites=120, events=40, detours=30, permits=25)
        yield database


@pytest.fixture(scope="module")
def client(filled_database: Database) -> Iterator[TestClient]:
    with TestClient(build_app(Settings(), filled_database), base_url="http://testserver") as client:
        yield client
