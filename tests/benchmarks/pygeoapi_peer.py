"""pygeoapi on the same table: an environment of its own, one worker, its PostgreSQL provider, and that it says the same."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from shapely.geometry import shape

from geo_service.db.database import OWNER_ROLE
from geo_service.db.local_cluster import LocalCluster
from tests.benchmarks.ground import PEERS, free_port, wait_until_answers

COLLECTION = "/collections/road_segment/items"
_CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
_METRES = "http://www.opengis.net/def/crs/EPSG/0/25832"
_ENGLISH = {"en": "bench"}


def pygeoapi_python() -> Path:
    """Python of an environment of its own with pygeoapi, made on first use from the package index."""
    folder = PEERS.with_name("geo-service-bench-pygeoapi")
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        packages = ["pygeoapi", "uvicorn[standard]", "starlette", "psycopg2-binary", "geoalchemy2"]
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", *packages], check=True)
    return python


def _configuration(cluster: LocalCluster, name: str, properties: list[str], port: int) -> dict[str, Any]:
    data = {
        "host": "127.0.0.1", "port": cluster.port, "dbname": name, "user": OWNER_ROLE, "password": "none",
        "search_path": ["public"],
    }  # fmt: skip
    provider = {
        "type": "feature", "name": "PostgreSQL", "data": data, "id_field": "gid", "table": "road_segment",
        "geom_field": "axis", "properties": properties, "storage_crs": _METRES, "crs": [_CRS84, _METRES],
    }  # fmt: skip
    return {
        "server": {
            "bind": {"host": "127.0.0.1", "port": port}, "url": f"http://127.0.0.1:{port}", "mimetype": "application/json; charset=UTF-8",
            "encoding": "utf-8", "languages": ["en-US"], "gzip": False, "cors": True, "pretty_print": False,
            "limits": {"default_items": 100, "max_items": 10_000, "on_exceed": "throttle"},
            "map": {"url": "none", "attribution": "none"},
        },
        "logging": {"level": "ERROR"},
        "metadata": {
            "identification": {"title": _ENGLISH, "description": _ENGLISH, "keywords": {"en": ["bench"]}, "keywords_type": "theme",
                               "terms_of_service": "none", "url": "https://example.org"},
            "license": {"name": "none", "url": "https://example.org"},
            "provider": {"name": "bench", "url": "https://example.org"},
            "contact": {"name": "bench", "email": "bench@example.org"},
        },
        "resources": {
            "road_segment": {
                "type": "collection", "title": _ENGLISH, "description": _ENGLISH, "keywords": {"en": ["bench"]}, "links": [],
                "extents": {"spatial": {"bbox": [8, 49, 9, 50], "crs": _CRS84}},
                "providers": [provider],
            }
        },
    }  # fmt: skip


@contextmanager
def pygeoapi_serving(cluster: LocalCluster, name: str, properties: list[str]) -> Iterator[int]:
    """Port of a pygeoapi on `road_segment` of that database, one worker; the stored fragments are left out."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="pygeoapi-") as folder:
        config, openapi = Path(folder) / "config.yml", Path(folder) / "openapi.json"
        config.write_text(json.dumps(_configuration(cluster, name, properties, port)), encoding="utf-8")
        environment = os.environ | {"PYGEOAPI_CONFIG": str(config), "PYGEOAPI_OPENAPI": str(openapi)}
        environment.pop("PYTHONPATH", None)
        python = pygeoapi_python()
        made = [str(python.with_name("pygeoapi")), "openapi", "generate", str(config), "--format", "json"]
        made += ["--output-file", str(openapi)]
        subprocess.run(made, env=environment, cwd=folder, check=True, capture_output=True)
        command = [str(python), "-m", "uvicorn", "pygeoapi.starlette_app:APP", "--port", str(port)]
        command += ["--log-level", "warning", "--no-access-log"]
        process = subprocess.Popen(command, env=environment, cwd=folder)
        try:
            wait_until_answers(f"http://127.0.0.1:{port}/conformance?f=json")
            yield port
        finally:
            process.terminate()
            process.wait(timeout=20)


def assert_same_page(own_items: str, peer_items: str, metres: str) -> int:
    """Both say the same of a box in EPSG:25832: which segments, where (to a millimetre), how many. Returns how many."""
    wish = urllib.parse.urlencode(
        {"bbox": metres, "bbox-crs": _METRES, "crs": _METRES, "limit": 1000, "f": "json"}
    )
    own, peer = (_get(f"{address}?{wish}") for address in (own_items, peer_items))
    assert own["numberMatched"] == peer["numberMatched"], (own["numberMatched"], peer["numberMatched"])
    assert len(own["features"]) == len(peer["features"]) > 0
    for ours, theirs in zip(own["features"], peer["features"], strict=True):
        assert ours["id"] == theirs["properties"]["segment_id"]
        assert shape(ours["geometry"]).hausdorff_distance(shape(theirs["geometry"])) < 2e-3
        assert ours["properties"]["street_name"] == theirs["properties"]["street_name"]
    return int(own["numberMatched"])


def _get(address: str) -> Any:
    with urllib.request.urlopen(address, timeout=120) as answer:
        return json.load(answer)
