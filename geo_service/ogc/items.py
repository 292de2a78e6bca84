"""Items of a collection and one item: the fast path, no case data, no session."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import orjson
from starlette.requests import Request
from starlette.responses import Response

from geo_service.errors import NotFound
from geo_service.ogc.addresses import HTML, JSON, Link, address, base_of, link, self_and_alternate
from geo_service.ogc.answers import bytes_answer, fingerprint
from geo_service.ogc.collection import Collection, get_collection
from geo_service.ogc.encodings import (
    FURTHER_HEADERS,
    MEDIA_TYPES,
    as_jsonfg,
    csv_head,
    csv_rows,
    flatgeobuf,
    jsonfg_head,
    selected,
    sequence,
)
from geo_service.ogc.filtering import equality_names
from geo_service.ogc.parameters import (
    OF_FEATURES,
    OF_ONE_FEATURE,
    ON_ITEM,
    ON_ITEMS,
    Format,
    ItemsQuery,
    find_format,
    find_language,
    read_crs,
    read_items_query,
    read_parameters,
)
from geo_service.ogc.properties import read_properties, returnables
from geo_service.ogc.reading import Page, conditions_of, count_hits, read_page, read_rows, statement
from geo_service.ogc.rendering import html_answer
from geo_service.ogc.systems import in_system, is_stored


async def items(request: Request) -> Response:
    """`/ogc/collections/{collection}/items`; HEAD and resultType=hits count exactly."""
    collection = get_collection(request.path_params["collection"])
    given = read_parameters(request, (*ON_ITEMS, *equality_names(collection)))
    query = read_items_query(collection.id, given)
    shown, language = find_format(request, given, OF_FEATURES), find_language(request, given)
    pool = request.app.state.pool
    if query.hits_only or request.method == "HEAD":
        hits = await count_hits(pool, collection, query)
        page = Page(features=b"", returned=0, matched=hits, last_gid=None, more=False, version=hits)
    else:
        page = await read_page(pool, collection, query)
    base = base_of(request)
    path = ("collections", collection.id, "items")
    links = self_and_alternate(base, path, given, shown=shown, media_types=MEDIA_TYPES)
    links.append(link("collection", JSON, address(base, "collections", collection.id)))
    if page.more and page.last_gid is not None:
        cursor = query.cursor(collection.id, page.last_gid, list(page.last_values))
        links.append(next_link(base, path, given, cursor, shown))
    headers = _page_headers(page, query, links)
    version = fingerprint(
        f"{page.version} {page.matched} {page.returned} {shown} {language}".encode(),
        links[0]["href"].encode(),
    )
    if shown == "html":
        features = orjson.loads(b"[" + page.features + b"]")
        return await html_answer(
            request, "items.html", language, headers=headers,
            collection=collection, features=features, page=page, links=links, given=given,
        )  # fmt: skip
    if shown == "json" and query.shown is None and is_stored(query.crs):
        body = envelope(page, links)
    else:
        body = await asyncio.to_thread(encode_page, shown, collection, query, page, links)
    headers |= FURTHER_HEADERS.get(shown, {})
    return await bytes_answer(request, body, MEDIA_TYPES[shown], version=version, headers=headers)


def encode_page(
    shown: Format, collection: Collection, query: ItemsQuery, page: Page, links: list[Link]
) -> bytes:
    """A page in another encoding than stored, or with some of the properties."""
    features = selected(orjson.loads(b"[" + page.features + b"]"), query.shown)
    features = in_system(features, query.crs, x_first=shown == "fgb")
    if shown in ("json", "jsonfg"):
        more: dict[str, object] = {}
        if shown == "jsonfg":
            features = [as_jsonfg(feature, query.crs) for feature in features]
            more = jsonfg_head(collection, query.crs)
        joined = b",".join(orjson.dumps(feature) for feature in features)
        return envelope(replace(page, features=joined), links, more)
    if shown == "geojsonseq":
        return b"".join(sequence(features))
    if shown == "csv":
        names = query.shown or returnables(collection)
        return (csv_head(names) + csv_rows(features, names)).encode()
    return flatgeobuf(collection, features, query.crs, query.shown or returnables(collection))


def next_link(base: str, path: tuple[str, ...], given: dict[str, str], cursor: str, shown: str) -> Link:
    """Link to the page behind this one: the query is kept, the cursor takes the place of an offset."""
    query = {name: value for name, value in given.items() if name not in ("offset", "cursor")}
    return link("next", MEDIA_TYPES[shown], address(base, *path, query={**query, "cursor": cursor}))


def envelope(page: Page, links: list[Link], more: dict[str, object] | None = None) -> bytes:
    """A FeatureCollection around stored bytes. more: further members."""
    head: dict[str, object] = {
        "type": "FeatureCollection",
        "timeStamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    }
    if page.matched is not None:
        head["numberMatched"] = page.matched
    head |= {"numberReturned": page.returned, "links": links, **(more or {})}
    return b"".join((orjson.dumps(head)[:-1], b',"features":[', page.features, b"]}"))


def _page_headers(page: Page, query: ItemsQuery, links: list[Link]) -> dict[str, str]:
    headers = {
        "Content-Crs": f"<{query.crs}>",
        "OGC-NumberReturned": str(page.returned),
        "Link": ", ".join(f'<{one["href"]}>; rel="{one["rel"]}"; type="{one["type"]}"' for one in links),
    }
    if page.matched is not None:
        headers["OGC-NumberMatched"] = str(page.matched)
    return headers


async def item(request: Request) -> Response:
    """`/ogc/collections/{collection}/items/{feature_id}`."""
    collection = get_collection(request.path_params["collection"])
    feature_id: str = request.path_params["feature_id"]
    given = read_parameters(request, ON_ITEM)
    crs = read_crs(given)
    names = read_properties(collection, given["properties"]) if "properties" in given else None
    shown, language = find_format(request, given, OF_ONE_FEATURE), find_language(request, given)
    text = statement("item", collection, crs, conditions_of(collection, ItemsQuery()))
    rows = await read_rows(request.app.state.pool, text, {"key": _key(collection, feature_id)})
    if not rows:
        raise _unknown(collection, feature_id)
    base = base_of(request)
    path = ("collections", collection.id, "items", feature_id)
    offered: dict[str, str] = {name: MEDIA_TYPES[name] for name in OF_ONE_FEATURE}
    links = self_and_alternate(base, path, given, shown=shown, media_types=offered)
    links.append(link("collection", JSON, address(base, "collections", collection.id)))
    links.append(link("license", HTML, collection.license.href, collection.license.title))
    headers = {"Content-Crs": f"<{crs}>"}
    if shown == "html":
        feature = orjson.loads(rows[0]["feature"])
        return await html_answer(
            request,
            "item.html",
            language,
            headers=headers,
            collection=collection,
            feature=feature,
            links=links,
        )
    body = rows[0]["feature"]
    if names is not None or shown == "jsonfg" or not is_stored(crs):
        (feature,) = in_system(selected([orjson.loads(body)], names), crs)
        if shown == "jsonfg":
            feature = {**jsonfg_head(collection, crs), **as_jsonfg(feature, crs)}
        body = orjson.dumps(feature)
    body = body[:-1] + b',"links":' + orjson.dumps(links) + b"}"
    version = fingerprint(str(rows[0]["version"]).encode(), body)
    if rows[0]["edition"] is not None:
        version = f"{rows[0]['edition']}.{version}"  # what a write has to name in If-Match begins it
    return await bytes_answer(request, body, MEDIA_TYPES[shown], version=version, headers=headers)


def _unknown(collection: Collection, feature_id: str) -> NotFound:
    return NotFound(f"The collection {collection.id} has no feature {feature_id[:60]!r}.")


def _key(collection: Collection, feature_id: str) -> str | UUID:
    """The id as the key column has it. Raises NotFound for what cannot be one."""
    if not collection.key_is_uuid:
        if "\0" in feature_id or len(feature_id) > 200:
            raise _unknown(collection, feature_id)
        return feature_id
    try:
        return UUID(feature_id)
    except ValueError:
        raise _unknown(collection, feature_id) from None
