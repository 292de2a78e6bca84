from __future__ import annotations

from collections.abc import Iterator

import pytest

from geo_service.db.local_cluster import LocalCluster
from tests.clients.server import serving
from tests.conftest import clone
from tests.ogc.rows import insert_rows

# More roads than a page may hold, more of the others than GDAL asks for at once.
ROWS = {"roads": 25_050, "sites": 1_200, "events": 40, "detours": 30, "permits": 25}
PUBLISHED = {
    "road_segments": 25_050,
    "construction_sites": 1_080,
    "events": 36,
    "detours": 27,
    "permits": 25,
    "towns": 1,
}


@pytest.fixture(scope="session")
def service(cluster: LocalCluster, template: str) -> Iterator[str]:
    """Address of a running service over filled tables."""
    for database in clone(cluster, template):
        insert_rows(database, **ROWS)
        with serving(database) as address:
            yield address
