"""The service under test: GEO_SERVICE_CONFORMANCE_URL (an address ending in /ogc), else a demo of our own.

A port of the abstract tests of OGC 17-069r4 annex A and 18-058r1 annex A, as the official suite
ets-ogcapi-features10 runs them: one test for each, named by its id; beside them test_features10… and test_tiles10 take
the suites method by method, each named as it is there. All of it is the fallback of `make conformance`, not part of the
ordinary tests.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from geo_service.db.local_cluster import LocalCluster
from tests.clients.server import serving
from tests.conftest import clone

Document = dict[str, Any]
GEOJSON = "application/geo+json"


@pytest.fixture(scope="session")
def root(request: pytest.FixtureRequest) -> Iterator[str]:
    """Address of the landing page."""
    given = os.environ.get("GEO_SERVICE_CONFORMANCE_URL")
    if given:
        yield given.rstrip("/")
        return
    cluster: LocalCluster = request.getfixturevalue("cluster")
    for database in clone(cluster, request.getfixturevalue("demo_template")):
        with serving(database) as address:
            yield f"{address}/ogc"


@pytest.fixture(scope="session")
def http() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=60, follow_redirects=True) as client:
        yield client


@pytest.fixture(scope="session")
def landing(http: httpx.Client, root: str) -> Document:
    return dict(http.get(root, headers={"Accept": "application/json"}).json())


@pytest.fixture(scope="session")
def api(http: httpx.Client, landing: Document) -> Document:
    (address,) = [link["href"] for link in landing["links"] if link["rel"] == "service-desc"]
    return dict(http.get(address).json())


@pytest.fixture(scope="session")
def collections(http: httpx.Client, root: str) -> list[Document]:
    return list(http.get(f"{root}/collections", headers={"Accept": "application/json"}).json()["collections"])


def items_of(collection: Document) -> str:
    """Address of the features as GeoJSON."""
    return str(
        next(
            link["href"] for link in collection["links"] if link["rel"] == "items" and link["type"] == GEOJSON
        )
    )


def span_of(collection: Document) -> tuple[str | None, str | None] | None:
    """First and last instant of a collection; None where it has no time."""
    temporal = collection["extent"].get("temporal")
    return None if temporal is None else tuple(temporal["interval"][0])


def parameter_of(api: Document, collection: Document, name: str) -> Document:
    """A declared parameter of the features of a collection, references followed."""
    for one in api["paths"][f"/collections/{collection['id']}/items"]["get"]["parameters"]:
        found: Any = one
        if "$ref" in one:
            found = api
            for part in one["$ref"].removeprefix("#/").split("/"):
                found = found[part]
        if found["name"] == name:
            return dict(found)
    raise AssertionError(f"{name} is not declared")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Counts by conformance class, and by official suite."""
    counts: dict[str, Counter[str]] = {}
    for outcome in ("passed", "failed", "error", "skipped"):
        for report in terminalreporter.stats.get(outcome, []):
            counts.setdefault(_subject(getattr(report, "nodeid", "")), Counter())[outcome] += 1
    terminalreporter.section("conformance")
    for name, by_outcome in sorted(counts.items()):
        terminalreporter.line(
            f"{name}: " + ", ".join(f"{number} {outcome}" for outcome, number in by_outcome.items())
        )


def _subject(node: str) -> str:
    """What a test stands for: a method of an official suite, or an abstract test of a class."""
    name = node.rpartition("::")[2].partition("[")[0].removeprefix("test_")
    if not name.startswith(("features10", "tiles10")):
        return f"abstract tests of /conf/{name.split('__')[0]}"
    suite, _, part = name.partition("_")
    return f"methods of ets-ogcapi-{suite}" + (", reference systems" if part == "crs" else "")
