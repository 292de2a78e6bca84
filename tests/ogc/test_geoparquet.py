"""`geo-service export --format parquet`: GeoParquet 1.1 that geopandas reads back as it was."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pandas
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest
from fastapi.testclient import TestClient
from pyproj import CRS
from shapely import box
from shapely.geometry import shape
from typer.testing import CliRunner

from geo_service.cli import build_cli
from geo_service.commands import export as export_command
from geo_service.ogc.collection import COLLECTIONS, CRS84
from geo_service.ogc.geoparquet import GeoParquetFile
from geo_service.ogc.properties import returnables
from tests.ogc.test_export import command
from tests.ogc.test_items import PUBLISHED, read_all

__all__ = ["command"]


def written(command: CliRunner, folder: Path, name: str, *more: str) -> Path:
    out = folder / f"{name}.parquet"
    result = command.invoke(build_cli(), ["export", name, "--format", "parquet", "--out", str(out), *more])
    assert result.exit_code == 0, result.output
    return out


@pytest.mark.parametrize("name", COLLECTIONS)
def test_geopandas_reads_every_feature_as_it_was(
    command: CliRunner, client: TestClient, tmp_path: Path, name: str
) -> None:
    frame = geopandas.read_parquet(written(command, tmp_path, name)).set_index("id")
    features = read_all(client, f"/ogc/collections/{name}/items?limit=5000")
    assert len(frame) == len(features) == PUBLISHED[name]
    assert frame.crs == CRS.from_user_input("OGC:CRS84")
    for feature in features[:: max(1, len(features) // 40)]:
        row = frame.loc[feature["id"]]
        if feature["geometry"] is None:
            assert row.geometry is None
        else:
            assert row.geometry.equals(shape(feature["geometry"]))
        for key, value in feature["properties"].items():
            assert same(row[key], value), (key, row[key], value)


def same(found: Any, told: Any) -> bool:
    if isinstance(found, np.ndarray):
        return list(found) == told
    if told is None:
        return found is None or bool(pandas.isna(found))
    if hasattr(found, "isoformat"):
        return str(found.isoformat()).replace("+00:00", "Z") == told
    return bool(found == told)


def test_metres_filter_and_the_metadata_of_the_format(command: CliRunner, tmp_path: Path) -> None:
    more = ("--crs", "EPSG:25832", "--filter", "source_id LIKE '1%'")
    out = written(command, tmp_path, "construction_sites", *more)
    frame = geopandas.read_parquet(out)
    assert (len(frame), frame.crs.to_epsg()) == (29, 25832)
    geo = json.loads(pq.read_metadata(out).metadata[b"geo"])
    column = geo["columns"]["geometry"]
    assert (geo["version"], geo["primary_column"], column["encoding"]) == ("1.1.0", "geometry", "WKB")
    assert column["geometry_types"] == ["Polygon"]
    assert CRS.from_json_dict(column["crs"]).to_epsg() == 25832
    assert column["bbox"] == pytest.approx(frame.total_bounds.tolist())
    types = {field.name: str(field.type) for field in pq.read_schema(out)}
    assert (types["period_start"], types["from"], types["takes"]) == (
        "timestamp[us, tz=UTC]", "date32[day]", "list<element: string>",
    )  # fmt: skip
    assert (types["end_known"], types["utility"]) == ("bool", "int64")
    latitude_first = written(command, tmp_path, "permits", "--crs", "EPSG:4326")
    west, south, _, _ = geopandas.read_parquet(latitude_first).total_bounds
    assert 8.5 < west < 8.9 and 49.5 < south < 49.8, "x before y, whatever the system's own order"


def test_row_groups_let_a_reader_of_one_place_leave_the_others_out(
    command: CliRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_command, "_GROUP_ROWS", 1_000)
    out = written(command, tmp_path, "road_segments")
    assert pq.read_metadata(out).num_row_groups == 11
    everything = geopandas.read_parquet(out)
    place = (8.60, 49.61, 8.62, 49.62)
    found = geopandas.read_parquet(out, bbox=place)
    assert 0 < len(found) < len(everything)
    assert set(found["id"]) >= set(everything[everything.intersects(box(*place))]["id"])


def test_an_empty_collection_is_a_file_with_columns(command: CliRunner, tmp_path: Path) -> None:
    frame = geopandas.read_parquet(written(command, tmp_path, "events", "--filter", "title = 'none'"))
    assert len(frame) == 0
    assert {"id", "title", "from", "geometry"} <= set(frame.columns)


def test_memory_is_that_of_one_group(tmp_path: Path) -> None:
    one = COLLECTIONS["permits"]
    names = returnables(one)

    def peak(groups: int) -> int:
        tracemalloc.start()
        with GeoParquetFile(tmp_path / f"{groups}.parquet", one, CRS84, names) as file:
            for group in range(groups):
                file.write([permit(group * 500 + n) for n in range(500)])
        largest = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return largest

    assert peak(24) < 1.5 * peak(4)
    assert pq.read_metadata(tmp_path / "24.parquet").num_rows == 12_000


def permit(n: int) -> dict[str, Any]:
    place = box(8.6 + n * 1e-5, 49.6, 8.60001 + n * 1e-5, 49.60001)
    properties = {
        "reference": f"BEN-2026-{n:06}",
        "period_start": "2026-05-31T22:00:00Z",
        "from": "2026-06-01",
    }
    geometry = {"type": "Polygon", "coordinates": [list(place.exterior.coords)]}
    return {"id": str(n), "geometry": geometry, "properties": properties}
