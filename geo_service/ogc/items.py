"""Items of a collection and one item: the fast path, no case data, no session."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

import orjson
from starlette.requests import Request
from starlette.responses import Response

from geo_service.errors import NotFound
from geo_service.ogc.addresses import JSON, Link, address, base_of, link, self_and_alternate
from geo_service.ogc.answers import bytes_answer, fingerprint
from geo_service.ogc.collection import EPSG_25832, Collection, get_collection
from geo_service.ogc.documents import license_links
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
from geo_service.ogc.page_reading import page_reader_of
from geo_service.ogc.parameters import (
    OF_FEATURES,
    OF_ONE_FEATURE,
    ON_ITEM,
    ON_ITEMS,
    Format,
    ItemsQuery,
    Language,
    find_format,
    find_language,
    read_crs,
    read_items_query,
    read_parameters,
    read_zoom,
)
from geo_service.ogc.properties import read_properties, returnables
from geo_service.ogc.reading import Page, Source, conditions_of, read_rows, statement
from geo_service.ogc.ready import Made, Start, nothing_more, question_of, ready_answer
from geo_service.ogc.rendering import html_answer
from geo_service.ogc.systems import in_system, is_stored


async def items(request: Request) -> Response:
    """`/ogc/collections/{collection}/items`; HEAD and resultType=hits count exactly."""
    wish = read_wish(request, get_collection(request.path_params["collection"]))
    if wish.shown == "html":
        return await items_page(request, wish, await find_page(request, wish))

    async def make() -> Made:
        return await make_page(await find_page(request, wish), wish)

    question = question_of(request, wish.address, wish.shown, wish.language)
    return await ready_answer(request, question, (wish.collection.id,), make)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a client wants of a collection, and how. given: the parameters, in the order of their names."""

    collection: Collection
    query: ItemsQuery
    shown: Format
    language: Language
    base: str
    given: dict[str, str]

    @property
    def source_query(self) -> ItemsQuery:
        """What the database is asked: shapes for a map are made from metres."""
        return self.query if self.query.zoom is None else replace(self.query, crs=EPSG_25832)

    @property
    def path(self) -> tuple[str, ...]:
        """Below `/ogc`."""
        return ("collections", self.collection.id, "items")

    @property
    def address(self) -> str:
        """The whole address."""
        return address(self.base, *self.path, query=self.given)

    def links(self, page: Page) -> list[Link]:
        """Links of a page, to itself first."""
        links = self_and_alternate(
            self.base, self.path, self.given, shown=self.shown, media_types=MEDIA_TYPES
        )
        links.append(link("collection", JSON, address(self.base, "collections", self.collection.id)))
        if page.more and page.last_gid is not None:
            cursor = self.query.cursor(self.collection.id, page.last_gid, list(page.last_values))
            links.append(next_link(self.base, self.path, self.given, cursor, self.shown))
        return links


def read_wish(request: Request, collection: Collection) -> Wish:
    """What is asked of a collection, every value checked. Raises Malformed naming the parameter."""
    given = read_parameters(request, (*ON_ITEMS, *equality_names(collection)))
    query = read_items_query(collection.id, given)
    shown, language = find_format(request, given, OF_FEATURES), find_language(request, given)
    return Wish(collection, query, shown, language, base_of(request), dict(sorted(given.items())))


async def items_page(request: Request, wish: Wish, page: Page) -> Response:
    """A page of features for people."""
    links = wish.links(page)
    return await html_answer(
        request, "items.html", wish.language, headers=_page_headers(page, wish.query, links),
        collection=wish.collection, features=page.loaded(), page=page, links=links, given=wish.given,
    )  # fmt: skip


async def find_page(request: Request, wish: Wish) -> Page:
    """The features, or only their exact number where nothing else is asked for."""
    if wish.query.hits_only or request.method == "HEAD":
        return await page_reader_of(request).count(wish.collection, wish.query)
    return await page_reader_of(request).read(wish.collection, wish.source_query)


async def make_page(page: Page, wish: Wish) -> Made:
    """A page in its format, but for what differs with every answer."""
    links = wish.links(page)
    headers = _page_headers(page, wish.query, links) | FURTHER_HEADERS.get(wish.shown, {})
    headers["Content-Type"] = MEDIA_TYPES[wish.shown]
    query = wish.query
    if wish.shown == "json" and query.shown is None and query.zoom is None and is_stored(query.crs):
        start = envelope(page, links)
    else:
        start = await asyncio.to_thread(encode_page, wish.shown, wish.collection, wish.query, page, links)
    end = end_of_page if wish.shown in ("json", "jsonfg") else nothing_more
    return Made(state=(page.state,), start=start, end=end, headers=headers)


def encode_page(
    shown: Format, collection: Collection, query: ItemsQuery, page: Page, links: list[Link]
) -> Start:
    """A page in another encoding than stored, or with some of the properties."""
    features = selected(page.loaded(), query.shown)
    features = in_system(features, query.crs, x_first=shown == "fgb", zoom=query.zoom)
    if shown in ("json", "jsonfg"):
        more: dict[str, object] = {}
        if shown == "jsonfg":
            features = [as_jsonfg(feature, query.crs) for feature in features]
            more = jsonfg_head(collection, query.crs)
        written = [orjson.dumps(feature) for feature in features]
        return envelope(replace(page, features=written), links, more)
    if shown == "geojsonseq":
        return Start(b"".join(sequence(features)))
    if shown == "csv":
        names = query.shown or returnables(collection)
        return Start((csv_head(names) + csv_rows(features, names)).encode())
    return Start(flatgeobuf(collection, features, query.crs, query.shown or returnables(collection)))


def next_link(base: str, path: tuple[str, ...], given: dict[str, str], cursor: str, shown: str) -> Link:
    """Link to the page behind this one: the query is kept, the cursor takes the place of an offset."""
    query = {name: value for name, value in given.items() if name not in ("offset", "cursor")}
    return link("next", MEDIA_TYPES[shown], address(base, *path, query={**query, "cursor": cursor}))


def envelope(page: Page, links: list[Link], more: dict[str, object] | None = None) -> Start:
    """A FeatureCollection with stored bytes, but for its end. more: further members."""
    head: dict[str, object] = {"type": "FeatureCollection"}
    if page.matched is not None:
        head["numberMatched"] = page.matched
    head |= {"numberReturned": page.returned, "links": links, **(more or {})}
    return Start(orjson.dumps(head)[:-1] + b',"features":[', page.features)


def end_of_page() -> bytes:
    """The end of a FeatureCollection, with the time of the answer."""
    now = datetime.now(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
    return f'],"timeStamp":"{now}Z"}}'.encode()


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
    return await item_answer(request, collection, request.app.state.pool)


async def item_answer(request: Request, collection: Collection, source: Source) -> Response:
    """One feature, as whoever reads sees it. Raises NotFound, Malformed."""
    feature_id: str = request.path_params["feature_id"]
    given = read_parameters(request, ON_ITEM)
    crs, zoom = read_crs(given), read_zoom(given)
    names = read_properties(collection, given["properties"]) if "properties" in given else None
    shown, language = find_format(request, given, OF_ONE_FEATURE), find_language(request, given)
    stored = crs if zoom is None else EPSG_25832
    text = statement("item", collection, stored, conditions_of(collection, ItemsQuery()))
    rows = await read_rows(source, text, {"key": _key(collection, feature_id)})
    if not rows:
        raise _unknown(collection, feature_id)
    base = base_of(request)
    path = ("collections", collection.id, "items", feature_id)
    offered: dict[str, str] = {name: MEDIA_TYPES[name] for name in OF_ONE_FEATURE}
    links = self_and_alternate(base, path, given, shown=shown, media_types=offered)
    links.append(link("collection", JSON, address(base, "collections", collection.id)))
    links += license_links(collection)
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
    if names is not None or shown == "jsonfg" or zoom is not None or not is_stored(crs):
        (feature,) = in_system(selected([orjson.loads(body)], names), crs, zoom=zoom)
        if shown == "jsonfg":
            feature = {**jsonfg_head(collection, crs), **as_jsonfg(feature, crs)}
        body = orjson.dumps(feature)
    body = body[:-1] + b',"links":' + orjson.dumps(links) + b"}"
    version = fingerprint(str(rows[0]["version"]).encode(), body)
    if rows[0]["edition"] is not None and zoom is None:
        # What a write has to name in If-Match begins it; a shape made for a map must not be written back.
        version = f"{rows[0]['edition']}.{version}"
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
