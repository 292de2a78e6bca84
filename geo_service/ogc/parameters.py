"""Query parameters of the collections: known ones only, each read once, each fault named."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Collection as Names
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal
from urllib.parse import parse_qsl

from starlette.requests import Request

from geo_service.errors import Malformed
from geo_service.ogc.collection import CRS84, PENDING, Collection, get_collection
from geo_service.ogc.faults import malformed
from geo_service.ogc.filtering import (
    FILTER_LANGUAGES,
    equality_names,
    read_equalities,
    read_filter,
    read_search,
)
from geo_service.ogc.moment import read_datetime
from geo_service.ogc.ordering import (
    BINDING,
    SortKey,
    Value,
    binding_of,
    read_bound_cursor,
    read_order,
    write_bound_cursor,
)
from geo_service.ogc.pieces import Condition
from geo_service.ogc.place import SearchArea, find_area
from geo_service.ogc.properties import read_properties
from geo_service.ogc.systems import NAMES, OFFERED

Format = Literal["json", "html", "jsonfg", "geojsonseq", "csv", "fgb", "mvt", "tilejson"]
Language = Literal["de", "en"]

LIMIT_DEFAULT = 100
LIMIT_MAXIMUM = 10_000
OFFSET_MAXIMUM = 10**12
ZOOM_MAXIMUM = 24.0  # of WebMercatorQuad: a pixel is some millimetres, nothing can be left out beyond
ON_EVERY_PAGE = ("f", "lang")
ON_ITEMS = (
    *ON_EVERY_PAGE, "bbox", "bbox-crs", "crs", "datetime", "limit", "offset", "cursor", "resultType",
    "filter", "filter-lang", "filter-crs", "q", "sortby", "properties", "zoom-level",
)  # fmt: skip
ON_ITEM = (*ON_EVERY_PAGE, "crs", "properties", "zoom-level")

ON_DOCUMENTS: tuple[Format, ...] = ("json", "html")
OF_FEATURES: tuple[Format, ...] = ("json", "html", "jsonfg", "geojsonseq", "csv", "fgb")
OF_ONE_FEATURE: tuple[Format, ...] = ("json", "html", "jsonfg")
_ACCEPTED: dict[Format, tuple[str, ...]] = {
    "json": (
        "application/json",
        "application/geo+json",
        "application/schema+json",
        "application/vnd.oai.openapi+json",
    ),
    "html": ("text/html",),
    "jsonfg": ("application/fg+json", "application/vnd.ogc.fg+json"),
    "geojsonseq": ("application/geo+json-seq",),
    "csv": ("text/csv",),
    "fgb": ("application/vnd.flatgeobuf", "application/flatgeobuf"),
    "mvt": ("application/vnd.mapbox-vector-tile",),
    "tilejson": ("application/vnd.mapbox.tilejson+json",),
}
_LANGUAGES: dict[str, Language] = {"de": "de", "en": "en"}
_WHOLE_NUMBER = re.compile(r"\+?\d+", re.ASCII)
_POSITIVE_NUMBER = re.compile(r"\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)


def read_parameters(request: Request, known: Names[str]) -> dict[str, str]:
    """The parameters by name. Raises Malformed for an unknown or repeated one."""
    found: dict[str, str] = {}
    try:
        pairs = parse_qsl(
            request.scope["query_string"].decode("latin-1"), keep_blank_values=True, max_num_fields=50
        )
    except ValueError:
        raise Malformed("Too many parameters.") from None
    for name, value in pairs:
        if name not in known:
            raise malformed(name[:60], f"This parameter is not known here; known are {', '.join(known)}.")
        if name in found:
            raise malformed(name, "This parameter is given twice.")
        found[name] = value
    return found


@dataclass(frozen=True, kw_only=True, slots=True)
class ItemsQuery:
    """What a client wants of a collection.

    during: literal of a tstzrange. after: gid of the last feature seen, last_values: what it is ordered by.
    wanted: conditions of filter and q. order: empty for the order of gid. shown: properties, None for all.
    zoom: of the map that the geometries are for, None for all their points.
    """

    area: SearchArea | None = None
    during: str | None = None
    limit: int = LIMIT_DEFAULT
    offset: int = 0
    after: int = 0
    crs: str = CRS84
    hits_only: bool = False
    wanted: tuple[Condition, ...] = ()
    order: tuple[SortKey, ...] = ()
    last_values: tuple[Value, ...] | None = None
    shown: tuple[str, ...] | None = None
    zoom: float | None = None
    binding: str | None = None

    def cursor(self, collection_id: str, gid: int, values: list[Value]) -> str:
        """Where the page behind that feature begins."""
        if self.binding is None:
            return write_cursor(collection_id, gid)
        return write_bound_cursor(self.binding, gid, values)


def read_items_query(collection_id: str, given: Mapping[str, str]) -> ItemsQuery:
    """The query, every value checked. Raises Malformed naming the parameter."""
    collection = PENDING if collection_id == PENDING.id else get_collection(collection_id)
    box_crs = _crs("bbox-crs", given)
    order = read_order(collection, given["sortby"]) if "sortby" in given else ()
    names = (*BINDING, *equality_names(collection))
    bound = {name: given[name] for name in names if name in given}
    binding = binding_of(collection_id, bound) if bound else None
    after, last_values = 0, None
    if "cursor" in given and binding is None:
        after = read_cursor(collection_id, given["cursor"])
    elif "cursor" in given and binding is not None:
        after, last_values = read_bound_cursor(binding, order, given["cursor"])
    result_type = given.get("resultType", "results")
    if result_type not in ("results", "hits"):
        raise malformed("resultType", "results or hits.")
    return ItemsQuery(
        area=find_area(given["bbox"], box_crs) if "bbox" in given else None,
        during=read_datetime(given["datetime"]) if "datetime" in given else None,
        limit=_number("limit", given, smallest=1, default=LIMIT_DEFAULT, largest=LIMIT_MAXIMUM),
        offset=_number("offset", given, smallest=0, default=0, largest=OFFSET_MAXIMUM),
        after=after,
        crs=read_crs(given),
        hits_only=result_type == "hits",
        wanted=_wanted(collection, given),
        order=order,
        last_values=last_values,
        shown=read_properties(collection, given["properties"]) if "properties" in given else None,
        zoom=read_zoom(given),
        binding=binding,
    )


def _wanted(collection: Collection, given: Mapping[str, str]) -> tuple[Condition, ...]:
    language = given.get("filter-lang", "cql2-text")
    crs = _crs("filter-crs", given)
    found = [read_filter(collection, given["filter"], language, crs)] if "filter" in given else []
    if language not in FILTER_LANGUAGES:
        raise malformed("filter-lang", "cql2-text or cql2-json.")
    if "q" in given:
        found.append(read_search(collection, given["q"]))
    return (*found, *read_equalities(collection, given))


def read_crs(given: Mapping[str, str]) -> str:
    """Address of the reference system of the answer. Raises Malformed for one that is not offered."""
    return _crs("crs", given)


def read_zoom(given: Mapping[str, str]) -> float | None:
    """The zoom of the map that is to be drawn; None where nothing is asked. Raises Malformed."""
    text = given.get("zoom-level")
    if text is None:
        return None
    if not _POSITIVE_NUMBER.fullmatch(text):
        raise malformed("zoom-level", "A number from 0 is needed, 12 or 12.5.")
    return min(float(text), ZOOM_MAXIMUM)


def _crs(name: str, given: Mapping[str, str]) -> str:
    value = given.get(name, CRS84)
    if value not in NAMES:
        raise malformed(name, f"This reference system is not offered; offered are {', '.join(OFFERED)}.")
    return NAMES[value]


def _number(name: str, given: Mapping[str, str], *, smallest: int, default: int, largest: int) -> int:
    """A whole number; above `largest` it is `largest`."""
    text = given.get(name)
    if text is None:
        return default
    if not _WHOLE_NUMBER.fullmatch(text):
        raise malformed(name, f"A whole number from {smallest} is needed.")
    number = int(text) if len(text) < 16 else largest
    if number < smallest:
        raise malformed(name, f"A whole number from {smallest} is needed.")
    return min(number, largest)


def write_cursor(collection_id: str, gid: int) -> str:
    """Where the next page begins; bound to the collection, not to the limit."""
    return base64.urlsafe_b64encode(f"{collection_id}={gid}".encode()).decode().rstrip("=")


def read_cursor(collection_id: str, cursor: str) -> int:
    """The gid behind which the page begins. Raises Malformed for anything this service did not write."""
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        name, _, gid = base64.b64decode(padded, altchars=b"-_", validate=True).decode("ascii").partition("=")
    except (UnicodeError, binascii.Error):
        name, gid = "", ""
    if not re.fullmatch(r"\d{1,18}", gid, re.ASCII):
        raise malformed("cursor", "This is not a cursor of this service; follow the link to the next page.")
    if name != collection_id:
        raise malformed("cursor", "This cursor belongs to another collection.")
    return int(gid)


def find_format(
    request: Request, given: Mapping[str, str], offered: tuple[Format, ...] = ON_DOCUMENTS
) -> Format:
    """`f` beats Accept; without either, JSON. Raises Malformed for a format that is not offered."""
    wanted = given.get("f")
    if wanted is not None:
        for one in offered:
            if one == wanted:
                return one
        raise malformed("f", f"{' or '.join(filter(None, (', '.join(offered[:-1]), offered[-1])))}.")
    accept = request.headers.get("accept", "")
    return max(offered, key=lambda one: _weight(accept, *_ACCEPTED[one]))  # the first of equals: JSON


def find_language(request: Request, given: Mapping[str, str]) -> Language:
    """`lang` beats Accept-Language; German without either. Raises Malformed for another language."""
    wanted = given.get("lang")
    if wanted is not None and wanted not in _LANGUAGES:
        raise malformed("lang", "de or en.")
    if wanted is not None:
        return _LANGUAGES[wanted]
    accept = request.headers.get("accept-language", "")
    return "en" if _weight(accept, "en") > _weight(accept, "de") else "de"


@lru_cache(maxsize=64)  # clients say the same each time
def _weight(header: str, *names: str) -> float:
    """Quality of the best of `names` in an Accept header, by its own entry, else by a wildcard, else 0."""
    best, wildcard = 0.0, 0.0
    for entry in header.lower().split(","):
        name, *options = [part.strip() for part in entry.split(";")]
        quality = next((_quality(option[2:]) for option in options if option.startswith("q=")), 1.0)
        if name in names or ("/" not in name and name.split("-")[0] in names):
            best = max(best, quality)
        elif name in ("*/*", "*", "application/*"):
            wildcard = max(wildcard, quality if "application/json" in names or name == "*" else 0.0)
    return best or wildcard


def _quality(text: str) -> float:
    try:
        return min(max(float(text), 0.0), 1.0)
    except ValueError:
        return 0.0
