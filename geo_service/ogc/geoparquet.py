"""GeoParquet 1.1, written row group by row group: memory for one group, whatever the number of features.

Coordinates are x, y in every reference system, as the format asks; the metadata tell the system as PROJJSON.
Each row carries its box (`bbox`), so that a reader of one place leaves out the groups that lie elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import orjson
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pyproj
import shapely

from geo_service.ogc.collection import CRS84, Collection
from geo_service.ogc.encodings import Feature
from geo_service.ogc.properties import QUERYABLES
from geo_service.ogc.systems import SYSTEMS

_EDGES = ("xmin", "ymin", "xmax", "ymax")
_BOX = pa.struct([(edge, pa.float64()) for edge in _EDGES])
_TYPES = {
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "instant": pa.timestamp("us", tz="UTC"),
    "date": pa.date32(),
    "list": pa.list_(pa.string()),
}


class GeoParquetFile:
    """A file being written; its metadata is complete when it is closed without an error."""

    def __init__(self, path: Path, collection: Collection, crs: str, names: Sequence[str]) -> None:
        self.collection, self.crs, self.names = collection, crs, tuple(names)
        fields = [("id", pa.string()), *((name, _type_of(collection, name)) for name in names)]
        self.schema = pa.schema([*fields, ("bbox", _BOX), ("geometry", pa.binary())])
        self.writer = pq.ParquetWriter(path, self.schema, compression="zstd")
        self.kinds: set[str] = set()
        self.bounds: list[np.ndarray[Any, Any]] = []

    def __enter__(self) -> GeoParquetFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write the metadata and close; after an error only close."""
        if kind is None:
            self.writer.add_key_value_metadata({"geo": orjson.dumps(self.metadata()).decode()})
        self.writer.close()

    def write(self, features: Sequence[Feature]) -> None:
        """One row group. features: GeoJSON, coordinates x before y."""
        if not features:
            return
        places = np.array(
            [
                None if one["geometry"] is None else shapely.geometry.shape(one["geometry"])
                for one in features
            ],
            dtype=object,
        )
        edges = shapely.bounds(places)
        known = ~np.isnan(edges[:, 0])
        self.kinds |= {place.geom_type for place in places[known]}
        if known.any():
            self.bounds.append(np.concatenate((edges[known, :2].min(axis=0), edges[known, 2:].max(axis=0))))
        columns = [pa.array([one["id"] for one in features], pa.string())]
        columns += [self._column(features, name) for name in self.names]
        box = pa.StructArray.from_arrays(
            [pa.array(edges[:, i], pa.float64()) for i in range(4)], _EDGES, mask=pa.array(~known)
        )
        columns += [box, pa.array(shapely.to_wkb(places), pa.binary())]
        self.writer.write_table(
            pa.Table.from_arrays(columns, schema=self.schema), row_group_size=len(features)
        )

    def _column(self, features: Sequence[Feature], name: str) -> Any:
        kind = self.schema.field(name).type
        values = [one["properties"].get(name) for one in features]
        if kind == _TYPES["date"]:
            values = [None if value is None else date.fromisoformat(value) for value in values]
        elif kind == _TYPES["instant"]:
            values = [None if value is None else datetime.fromisoformat(value) for value in values]
        return pa.array(values, kind)

    def metadata(self) -> dict[str, Any]:
        """The `geo` entry of the file's metadata."""
        system = "OGC:CRS84" if self.crs == CRS84 else f"EPSG:{SYSTEMS[self.crs].srid}"
        geometry: dict[str, Any] = {
            "encoding": "WKB",
            "geometry_types": sorted(self.kinds),
            "crs": pyproj.CRS.from_user_input(system).to_json_dict(),
            "covering": {"bbox": {edge: ["bbox", edge] for edge in _EDGES}},
        }
        if self.bounds:
            whole = np.array(self.bounds)
            geometry["bbox"] = [*whole[:, :2].min(axis=0).tolist(), *whole[:, 2:].max(axis=0).tolist()]
        return {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": geometry}}


def _type_of(collection: Collection, name: str) -> Any:
    known = QUERYABLES[collection.id].get(name)
    if known is None:
        return pa.string()
    return pa.int64() if known.whole else _TYPES.get(known.kind, pa.string())
