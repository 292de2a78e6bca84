"""Whole collections: as a stream of flat memory, and as a file of the command line."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import tracemalloc
from pathlib import Path
from typing import Any

import pyogrio
import pytest
from fastapi.testclient import TestClient
from psycopg.conninfo import conninfo_to_dict
from typer.testing import CliRunner

from geo_service.cli import build_cli
from geo_service.db.database import Database
from geo_service.db.local_cluster import LocalCluster
from geo_service.ogc import export as export_module
from geo_service.ogc.collection import COLLECTIONS
from geo_service.ogc.export import Encoder, _stream
from geo_service.ogc.parameters import read_items_query
from tests.ogc.test_items import PUBLISHED, read_all

EXPORT = "/ogc/collections/{}/export"


def features_of(form: str, content: bytes) -> list[dict[str, Any]]:
    if form == "json":
        return list(json.loads(content)["features"])
    if form == "geojsonseq":
        return [json.loads(part) for part in content.split(b"\x1e")[1:]]
    return list(csv.DictReader(io.StringIO(content.decode())))


@pytest.mark.parametrize("form", ["json", "geojsonseq", "csv"])
@pytest.mark.parametrize("name", COLLECTIONS)
def test_a_stream_holds_every_feature_once(client: TestClient, name: str, form: str) -> None:
    answer = client.get(EXPORT.format(name), params={"f": form})
    assert answer.status_code == 200
    found = features_of(form, answer.content)
    ids = [feature["id"] for feature in found]
    assert len(ids) == len(set(ids)) == PUBLISHED[name]
    assert "attachment" in answer.headers["content-disposition"]
    paged = read_all(client, f"/ogc/collections/{name}/items?limit=5000")
    assert set(ids) == {feature["id"] for feature in paged}
    if form != "csv":
        assert sorted(found, key=lambda one: one["id"]) == sorted(paged, key=lambda one: one["id"])


def test_a_stream_keeps_to_filter_box_and_properties(client: TestClient) -> None:
    params = {
        "filter": "source_id LIKE '1%'",
        "bbox": "8.5,49.6,8.9,49.7",
        "f": "geojsonseq",
        "properties": "source_id",
    }
    found = features_of("geojsonseq", client.get(EXPORT.format("construction_sites"), params=params).content)
    assert len(found) == 29
    assert {tuple(feature["properties"]) for feature in found} == {("source_id",)}
    page = client.get(
        "/ogc/collections/construction_sites/items", params={**params, "f": "json", "limit": 100}
    )
    assert [one["id"] for one in found] != []
    assert {one["id"] for one in page.json()["features"]} == {one["id"] for one in found}
    metres = client.get(EXPORT.format("permits"), params={"crs": "EPSG:25832", "f": "json"}).json()[
        "features"
    ]
    assert metres[0]["geometry"]["coordinates"][0][0][0] > 400_000


@pytest.mark.parametrize(("name", "value"), [("f", "fgb"), ("f", "html"), ("filter", "1/0 = 1"), ("filter", "x = 1"), ("limit", "5"), ("sortby", "title"), ("crs", "EPSG:1")])  # fmt: skip
def test_a_faulty_wish_is_refused_before_the_stream_begins(client: TestClient, name: str, value: str) -> None:
    answer = client.get(EXPORT.format("construction_sites"), params={name: value})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, name)


def test_an_empty_collection_is_an_empty_document(client: TestClient) -> None:
    for form, expected in (("json", []), ("geojsonseq", []), ("csv", [])):
        answer = client.get(EXPORT.format("events"), params={"filter": "FALSE", "f": form})
        assert features_of(form, answer.content) == expected
    head = client.head(EXPORT.format("events"))
    assert (head.status_code, head.content) == (200, b"")


def test_memory_is_that_of_a_chunk_and_no_connection_is_held(
    filled_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """10,050 features of some 1.5 kB are read a hundred at a time; a reader that stops leaves the pool alone."""
    monkeypatch.setattr(export_module, "CHUNK", 100)
    collection = COLLECTIONS["road_segments"]
    encoder = Encoder("geojsonseq", collection, read_items_query(collection.id, {}))
    monkeypatch.setattr(Encoder.statement, "__defaults__", (100,))

    async def run() -> tuple[int, int, int]:
        pool = filled_database.async_pool(size=1)
        await pool.open()
        first = await export_module._read(pool, encoder, 0)
        parts = _stream(pool, encoder, first)
        tracemalloc.start()
        total, busy = 0, 0
        async for part in parts:
            total += len(part)
            busy += pool.get_stats()["pool_available"] == 0
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        await pool.close()
        return total, peak, busy

    total, peak, busy = asyncio.run(run())
    assert total > 10_000_000
    assert peak < 3_000_000
    assert busy == 0


def test_a_client_that_leaves_ends_the_reading(
    filled_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []

    async def counted(pool: Any, encoder: Encoder, after: int) -> export_module.Chunk:
        read.append(after)
        return export_module.Chunk(b"{}", export_module.CHUNK, after + 1)

    monkeypatch.setattr(export_module, "_read", counted)
    from geo_service.app import build_app
    from geo_service.settings import Settings

    async def leave() -> None:
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            while len(sent) < 5:
                await asyncio.sleep(0)
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)
            await asyncio.sleep(0)

        scope = {
            "type": "http", "method": "GET", "path": "/ogc/collections/events/export", "raw_path": b"", "query_string": b"",
            "headers": [(b"host", b"testserver")], "http_version": "1.1", "scheme": "http", "client": ("127.0.0.1", 1),
            "server": ("testserver", 80), "root_path": "", "asgi": {"version": "3.0", "spec_version": "2.3"}, "app": None,
        }  # fmt: skip
        service = build_app(Settings(), filled_database)
        await asyncio.wait_for(service(scope, receive, send), timeout=20)

    asyncio.run(leave())
    assert 1 <= len(read) < 100


@pytest.fixture
def command(cluster: LocalCluster, filled_database: Database, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    dbname = str(conninfo_to_dict(filled_database.owner)["dbname"])
    monkeypatch.setenv("GEO_SERVICE_DATABASE_URL", cluster.conninfo(dbname, "postgres"))
    return CliRunner()


@pytest.mark.parametrize("form", ["geojson", "geojsonseq", "csv", "gpkg", "fgb"])
@pytest.mark.parametrize("name", ["road_segments", "construction_sites"])
def test_the_command_writes_what_gdal_reads(command: CliRunner, tmp_path: Path, name: str, form: str) -> None:
    out = tmp_path / f"out.{'geojsons' if form == 'geojsonseq' else form}"
    out.write_text("an older file")
    result = command.invoke(build_cli(), ["export", name, "--format", form, "--out", str(out)])
    assert result.exit_code == 0, result.output
    assert f"{PUBLISHED[name]} features" in result.output
    frame = pyogrio.read_dataframe(out)
    assert len(frame) == PUBLISHED[name]
    assert [path.name for path in tmp_path.iterdir()] == [out.name]
    assert "updated_at" in frame.columns


def test_the_command_takes_a_filter_and_metres(command: CliRunner, tmp_path: Path) -> None:
    out = tmp_path / "sites.gpkg"
    arguments = [
        "export",
        "construction_sites",
        "--out",
        str(out),
        "--crs",
        "EPSG:25832",
        "--filter",
        "source_id LIKE '1%'",
    ]
    assert command.invoke(build_cli(), arguments).exit_code == 0
    frame = pyogrio.read_dataframe(out)
    assert len(frame) == 29
    assert frame.crs.to_epsg() == 25832
    assert not frame["end_known"].isna().any()


@pytest.mark.parametrize("arguments", [["nothing"], ["events", "--crs", "EPSG:1"], ["events", "--filter", "published"], ["events", "--format", "shp"]])  # fmt: skip
def test_a_faulty_command_writes_nothing(command: CliRunner, tmp_path: Path, arguments: list[str]) -> None:
    out = tmp_path / "out.gpkg"
    assert command.invoke(build_cli(), ["export", *arguments, "--out", str(out)]).exit_code != 0
    assert list(tmp_path.iterdir()) == []
