"""Part 4 (create, replace, update, delete): what collections that can be written to say about it.

Whether a collection can be written to is a fact of `ogc/collection.py`; what its features may state is known
to the room that reads them, which hands it over as `app.state.receivables` (web/ogc_writes.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from geo_service.ogc.collection import COLLECTIONS

Part = dict[str, Any]
Receivables = Mapping[str, Mapping[str, Part]]  # collection → property → JSON Schema 2020-12, no references

CONFORMS_TO = tuple(
    f"http://www.opengis.net/spec/ogcapi-features-4/1.0/conf/{name}"
    for name in ("create-replace-delete", "update", "features", "optimistic-locking-etags")
)
READS = ("GET", "HEAD", "OPTIONS")
ON_ITEMS_TOO = ("POST",)
ON_ITEM_TOO = ("PUT", "PATCH", "DELETE")
FEATURE_TYPES = ("application/geo+json", "application/json")
PATCH_TYPES = ("application/merge-patch+json", "application/json", "application/geo+json")
WRITE_HEADERS = "Authorization, Content-Type, Content-Crs, If-Match, Idempotency-Key"


def receivables_of(request: Request) -> Receivables:
    """What may be stated of features, by collection; empty where nothing can be written."""
    found: Receivables = getattr(request.app.state, "receivables", {})
    return found


def methods_of(request: Request) -> tuple[str, ...]:
    """The methods of this address: of a collection's items and of one item more than reading."""
    collection = COLLECTIONS.get(request.path_params.get("collection", ""))
    if collection is None or collection.edition is None:
        return READS
    if "feature_id" in request.path_params:
        return (*READS, *ON_ITEM_TOO)
    return (*READS, *ON_ITEMS_TOO) if request.url.path.rstrip("/").endswith("/items") else READS


def options_of(request: Request) -> dict[str, str]:
    """Headers of the answer to OPTIONS that depend on what may be written here."""
    methods = methods_of(request)
    listed = ", ".join(methods)
    headers = {"Allow": listed, "Access-Control-Allow-Methods": listed}
    if "POST" in methods:
        headers["Accept-Post"] = ", ".join(FEATURE_TYPES)
    if "PATCH" in methods:
        headers["Accept-Patch"] = PATCH_TYPES[0]
    return headers


async def refused(request: Request) -> Response:
    """Any other method: 405 that says which ones there are."""
    raise HTTPException(405, headers={"Allow": ", ".join(methods_of(request))})


def with_receivables(properties: dict[str, Part], receivable: Mapping[str, Part]) -> dict[str, Part]:
    """The properties of a schema, marked with what is only read and only written (Part 5)."""
    marked = {
        name: part if name in receivable or name == "geometry" else {**part, "readOnly": True}
        for name, part in properties.items()
    }
    hidden = {
        name: {"title": name.replace("_", " "), **part, "writeOnly": True}
        for name, part in receivable.items()
        if name not in properties
    }
    for name, part in hidden.items():
        marked[name] = {**part, "x-ogc-propertySeq": len(marked) + 1}
    return marked
