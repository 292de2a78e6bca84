"""Addresses in links: GEO_SERVICE_PUBLIC_URL, else as a trusted proxy forwards them, else as asked for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from ipaddress import ip_address, ip_network
from urllib.parse import quote, quote_plus

from starlette.requests import Request

from geo_service.settings import Settings

Link = dict[str, str]

JSON = "application/json"
GEOJSON = "application/geo+json"
HTML = "text/html"
SCHEMA = "application/schema+json"
QUERYABLES_REL = "http://www.opengis.net/def/rel/ogc/1.0/queryables"
SORTABLES_REL = "http://www.opengis.net/def/rel/ogc/1.0/sortables"
SCHEMA_REL = "http://www.opengis.net/def/rel/ogc/1.0/schema"
TILESETS_REL = "http://www.opengis.net/def/rel/ogc/1.0/tilesets-vector"
SCHEMES_REL = "http://www.opengis.net/def/rel/ogc/1.0/tiling-schemes"
MVT = "application/vnd.mapbox-vector-tile"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"

_HOST = re.compile(r"[A-Za-z0-9._\-\[\]:]{1,255}")
_PREFIX = re.compile(r"(/[A-Za-z0-9._~\-]+)*/?")


@lru_cache(maxsize=64)
def _is_trusted(client: str, proxies: str) -> bool:
    try:
        return any(
            ip_address(client) in ip_network(entry, strict=False)
            for entry in (part.strip() for part in proxies.split(","))
            if entry
        )
    except ValueError:
        return False


def base_of(request: Request) -> str:
    """Address of the service without a slash at the end."""
    settings: Settings = request.app.state.settings
    if settings.public_url:
        return settings.public_url.rstrip("/")
    scheme, host = request.scope["scheme"], request.headers.get("host", "")
    prefix = request.scope.get("root_path", "")
    if request.client is not None and _is_trusted(request.client.host, settings.trusted_proxies):
        forwarded = request.headers
        scheme = "https" if forwarded.get("x-forwarded-proto", scheme) == "https" else "http"
        host = forwarded.get("x-forwarded-host", host).split(",")[0].strip()
        given = forwarded.get("x-forwarded-prefix", prefix)
        prefix = given if _PREFIX.fullmatch(given) else prefix
    if not _HOST.fullmatch(host):
        host = f"{settings.host}:{settings.port}"
    return f"{scheme}://{host}{prefix.rstrip('/')}"


def address(base: str, *path: str, query: Mapping[str, str] | None = None) -> str:
    """Address of a resource below `/ogc`; every part and value is quoted."""
    target = "/".join([f"{base}/ogc", *map(_quoted_part, path)])
    if not query:
        return target
    return f"{target}?{'&'.join(f'{_quoted(name)}={_quoted(value)}' for name, value in query.items())}"


def _quoted(text: str) -> str:
    return _kept_quoted(text) if len(text) <= _SHORT else quote_plus(text)


def _quoted_part(part: str) -> str:
    return _kept_quoted_part(part) if len(part) <= _SHORT else quote(part, safe="")


# The links of one answer say the same ten times over; a twentieth of a page was quoting. What is long is not
# kept: anybody may send it.
_SHORT = 200  # characters
_kept_quoted = lru_cache(maxsize=512)(quote_plus)


@lru_cache(maxsize=512)
def _kept_quoted_part(part: str) -> str:
    return quote(part, safe="")


def link(rel: str, media_type: str, href: str, title: str | None = None) -> Link:
    """One link object."""
    return {"rel": rel, "type": media_type, "href": href} | ({"title": title} if title else {})


def self_and_alternate(
    base: str,
    path: tuple[str, ...],
    given: Mapping[str, str],
    *,
    shown: str,
    json_type: str = JSON,
    media_types: Mapping[str, str] | None = None,
) -> list[Link]:
    """Links to this resource as asked for and in every other encoding; the query is kept."""
    rest = {name: value for name, value in given.items() if name != "f"}
    links = []
    for name, media_type in (media_types or {"json": json_type, "html": HTML}).items():
        rel = "self" if name == shown else "alternate"
        query = dict(given) if rel == "self" else {**rest, "f": name}
        links.append(link(rel, media_type, address(base, *path, query=query)))
    return sorted(links, key=lambda one: one["rel"] != "self")
