"""A GeoJSON feature, or a merge patch to one, as clients of OGC API Features send it; brought to CRS84."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import orjson
from pyproj import Transformer
from starlette.requests import Request

from geo_service.crs import LONLAT_SRID
from geo_service.errors import Malformed, UnsupportedMedia
from geo_service.ogc.collection import CRS84
from geo_service.ogc.faults import malformed
from geo_service.ogc.systems import NAMES, OFFERED, SYSTEMS

Document = dict[str, Any]
MAX_DEPTH = 40  # a MultiPolygon in a GeometryCollection of a detour needs 10


def read_document(request: Request, body: bytes, types: Sequence[str]) -> Document:
    """The JSON object that was sent, its geometry in CRS84 degrees.

    Raises UnsupportedMedia for another media type, Malformed for what is no JSON object or a `Content-Crs`
    that is not offered. What is wrong with the geometry itself is told by whoever reads it.
    """
    stated = request.headers.get("content-type", types[0]).partition(";")[0].strip().lower()
    if stated not in types:
        detail = f"Send one of {', '.join(types)}, not {stated[:60] or 'nothing'}."
        raise UnsupportedMedia(detail, headers={"Accept": ", ".join(types)})
    crs = read_content_crs(request)
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Malformed("The body is not valid JSON.") from None
    if not isinstance(document, dict):
        raise Malformed("A JSON object is needed here.")
    if _depth(document) > MAX_DEPTH:
        raise Malformed("The body is nested too deeply.")
    if crs != CRS84:
        to_lonlat(document.get("geometry"), crs)
    return document


def read_content_crs(request: Request) -> str:
    """`Content-Crs` of a request: an address in angle brackets; CRS84 without. Raises Malformed."""
    stated = request.headers.get("content-crs", f"<{CRS84}>").strip()
    crs = NAMES.get(stated.removeprefix("<").removesuffix(">"))
    if crs is None:
        raise malformed(
            "Content-Crs", f"This reference system is not offered; offered are {', '.join(OFFERED)}."
        )
    return crs


def _depth(document: Any) -> int:
    """How deep lists and objects lie in one another; walked without recursion."""
    deepest, level = 0, [document]
    while level:
        deepest += 1
        level = [
            inner
            for each in level
            for inner in (each.values() if isinstance(each, dict) else each)
            if isinstance(inner, dict | list)
        ]
        if deepest > MAX_DEPTH:
            break
    return deepest


def to_lonlat(geometry: Any, crs: str) -> None:
    """Change the positions of a GeoJSON geometry from `crs` to longitude and latitude, where they stand."""
    system = SYSTEMS[crs]
    positions = [one for one in _positions(geometry) if _is_position(one)]
    if not positions:
        return
    places = np.array([[float(one[0]), float(one[1])] for one in positions])
    if system.latitude_first:
        places = places[:, ::-1]
    moved = Transformer.from_crs(system.srid, LONLAT_SRID, always_xy=True).transform(
        places[:, 0], places[:, 1]
    )
    for one, lon, lat in zip(positions, *(axis.tolist() for axis in moved), strict=True):
        one[:2] = [lon, lat]


def _positions(geometry: Any) -> Iterator[list[Any]]:
    """Every list that holds numbers: a position, if the geometry is one."""
    if not isinstance(geometry, dict):
        return
    left: list[Any] = [geometry.get("coordinates"), *_parts(geometry.get("geometries"))]
    while left:
        one = left.pop()
        if not isinstance(one, list) or not one:
            continue
        if isinstance(one[0], list):
            left.extend(one)
        else:
            yield one


def _parts(geometries: Any) -> list[Any]:
    parts = geometries if isinstance(geometries, list) else []
    return [part.get("coordinates") for part in parts if isinstance(part, dict)]


def _is_position(one: list[Any]) -> bool:
    return len(one) >= 2 and all(isinstance(n, int | float) and not isinstance(n, bool) for n in one[:2])


def merge_patch(target: Any, patch: Any) -> Any:
    """JSON Merge Patch (RFC 7396): null removes, objects are merged, anything else takes its place."""
    if not isinstance(patch, dict):
        return patch
    found = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            found.pop(name, None)
        else:
            found[name] = merge_patch(found.get(name), value)
    return found
