"""One scene of two towns for all tests of a module; whoever changes it rolls back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from geo_service.db.local_cluster import LocalCluster
from tests.conftest import clone
from tests.permits.conftest import Desk, opened_desks
from tests.tenancy.scene import TownScene, build


@pytest.fixture(scope="module")
def desk(cluster: LocalCluster, town_template: str) -> Iterator[Desk]:
    for database in clone(cluster, town_template):
        for make in opened_desks(database):
            yield make(rate_sign_ins="100000/minute")


@pytest.fixture(scope="module")
def towns(desk: Desk) -> dict[str, TownScene]:
    return build(desk)
