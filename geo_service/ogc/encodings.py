"""Features as JSON-FG, GeoJSON text sequence, CSV and FlatGeobuf, made from the stored GeoJSON."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import orjson
from shapely import to_wkb, to_wkt
from shapely.geometry import shape

from geo_service.ogc.addresses import GEOJSON, HTML
from geo_service.ogc.collection import CRS84, Collection
from geo_service.ogc.properties import QUERYABLES
from geo_service.ogc.systems import SYSTEMS

Feature = dict[str, Any]

MEDIA_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "json": GEOJSON,
        "html": HTML,
        "jsonfg": "application/fg+json",
        "geojsonseq": "application/geo+json-seq",
        "csv": "text/csv; charset=utf-8; header=present",
        "fgb": "application/vnd.flatgeobuf",
    }
)
FURTHER_HEADERS: Mapping[str, dict[str, str]] = MappingProxyType(
    {
        "csv": {"Content-Disposition": 'inline; filename="features.csv"'},
        "fgb": {"Content-Disposition": 'attachment; filename="features.fgb"'},
    }
)
_JSONFG_CLASSES = ["http://www.opengis.net/spec/json-fg-1/1.0/conf/core"]


def selected(features: list[Feature], names: tuple[str, ...] | None) -> list[Feature]:
    """The features with these properties only; all for None."""
    if names is not None:
        for feature in features:
            feature["properties"] = {name: feature["properties"].get(name) for name in names}
    return features


def jsonfg_head(collection: Collection, crs: str) -> dict[str, object]:
    """Members that a JSON-FG document has besides those of GeoJSON."""
    return {"conformsTo": _JSONFG_CLASSES, "featureType": collection.id, "coordRefSys": crs}


def as_jsonfg(feature: Feature, crs: str) -> Feature:
    """The feature with `time` and `place` (OGC 21-045r1); a geometry in metres is the place only."""
    properties = feature["properties"]
    start, end = properties.get("period_start"), properties.get("period_end")
    in_degrees = crs == CRS84
    return {
        "type": "Feature",
        "id": feature["id"],
        "time": {"interval": [start or "..", end or ".."]} if start or end else None,
        "place": None if in_degrees else feature["geometry"],
        "geometry": feature["geometry"] if in_degrees else None,
        "properties": properties,
    }


def sequence(features: Iterable[Feature]) -> Iterator[bytes]:
    """GeoJSON text sequence (RFC 8142): a record separator before each feature."""
    for feature in features:
        yield b"\x1e" + orjson.dumps(feature) + b"\n"


def csv_head(names: Sequence[str]) -> str:
    """The first line (RFC 4180)."""
    return _csv_lines([["id", *names, "geometry"]])


def csv_rows(features: Iterable[Feature], names: Sequence[str]) -> str:
    """A line for each feature; lists with semicolons between, the geometry as WKT."""
    return _csv_lines(
        [one["id"], *(_cell(one["properties"].get(name)) for name in names), _wkt(one["geometry"])]
        for one in features
    )


def _csv_lines(rows: Iterable[Sequence[Any]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return ";".join(map(str, value)) if isinstance(value, list) else value


def _wkt(geometry: dict[str, Any] | None) -> str:
    return "" if geometry is None else str(to_wkt(shape(geometry), rounding_precision=7))


def flatgeobuf(collection: Collection, features: list[Feature], crs: str, names: Sequence[str]) -> bytes:
    """A FlatGeobuf file, with a spatial index where every feature has a geometry."""
    target = io.BytesIO()
    write_features(target, "FlatGeobuf", collection, features, crs, names)
    return target.getvalue()


def write_features(  # noqa: PLR0913 - a file has that many sides
    target: Any,
    driver: str,
    collection: Collection,
    features: list[Feature],
    crs: str,
    names: Sequence[str],
    *,
    append: bool = False,
) -> None:
    """Features as a layer of a file that GDAL writes."""
    import pyogrio.raw  # noqa: PLC0415 - brings pandas and pyarrow along: 120 MB for whoever asks for such a file

    geometries = [None if one["geometry"] is None else to_wkb(shape(one["geometry"])) for one in features]
    columns = [_column(collection, "id", [one["id"] for one in features])]
    columns += [
        _column(collection, name, [one["properties"].get(name) for one in features]) for name in names
    ]
    options: dict[str, Any] = {}
    if driver == "FlatGeobuf":
        options["SPATIAL_INDEX"] = "NO" if None in geometries or not features else "YES"
    pyogrio.raw.write(
        target,
        geometry=np.array(geometries, dtype=object),
        field_data=[values for values, _ in columns],
        field_mask=[mask for _, mask in columns],
        fields=np.array(["id", *names], dtype=object),
        driver=driver,
        layer=collection.id,
        geometry_type="Unknown",
        crs="OGC:CRS84" if crs == CRS84 else f"EPSG:{SYSTEMS[crs].srid}",
        append=append,
        **options,
    )


def _column(collection: Collection, name: str, values: list[Any]) -> tuple[Any, Any]:
    """Values and mask of what is missing, of the type the schema says."""
    known = QUERYABLES[collection.id].get(name)
    missing = np.array([value is None for value in values], dtype=bool)
    if known is not None and known.kind == "number":
        kind: Any = np.int64 if known.whole else np.float64
        return np.array([0 if value is None else value for value in values], dtype=kind), missing
    if known is not None and known.kind == "boolean":
        return np.array([bool(value) for value in values], dtype=bool), missing
    return np.array([_cell(value) for value in values], dtype=object), None
