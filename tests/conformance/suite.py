"""What the methods of the official suites look at, asked of the service once; written anew after their reports."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

import httpx
from shapely import box, union_all
from shapely.geometry import shape

from tests.conformance.conftest import GEOJSON, Document, items_of, parameter_of, span_of

DEFAULT_CRS = (
    "http://www.opengis.net/def/crs/OGC/1.3/CRS84",
    "http://www.opengis.net/def/crs/OGC/0/CRS84h",
)
# The boxes of FeaturesBBox: over the meridian, the equator, 180°, both poles.
BOXES = ("-1.5,50,1.5,53", "-80,-5,-70,5", "177,65,-177,70", "-180,85,180,90", "-180,-90,180,-85")


@dataclass(frozen=True, slots=True)
class Asked:
    """One question a method asks of a collection, and the answer."""

    collection: Document
    wish: dict[str, str]
    answer: httpx.Response

    @property
    def page(self) -> Document:
        """The FeatureCollection."""
        return dict(self.answer.json())


@dataclass
class Suite:
    """The service under test as the suites know it."""

    http: httpx.Client
    root: str
    landing: Document
    api: Document
    collections: list[Document]
    asked: dict[str, list[Asked]] = field(default_factory=dict)

    @cached_property
    def list_document(self) -> Document:
        """`{root}/collections`."""
        return self.json(f"{self.root}/collections")

    def json(self, address: str) -> Document:
        """A document, asked for as JSON."""
        answer = self.http.get(address, headers={"Accept": "application/json"})
        assert answer.status_code == 200, (address, answer.text[:200])
        return dict(answer.json())

    def alone(self, collection: Document) -> Document:
        """`{root}/collections/{collectionId}`."""
        return self.json(f"{self.root}/collections/{collection['id']}")

    def responses(self, provider: str) -> list[Asked]:
        """Every answer to the questions of one data provider of the suite."""
        if provider not in self.asked:
            self.asked[provider] = [
                Asked(one, wish, self.http.get(items_of(one), params=wish, headers={"Accept": GEOJSON}))
                for one in self.collections
                for wish in self._wishes(provider, one)
            ]
        return self.asked[provider]

    def _wishes(self, provider: str, collection: Document) -> list[dict[str, str]]:
        if provider == "FeaturesBBox":
            extent = ",".join(map(str, collection["extent"]["spatial"]["bbox"][0]))
            return [{"bbox": one} for one in (extent, *BOXES)]
        if provider == "FeaturesLimit":
            schema = parameter_of(self.api, collection, "limit")["schema"]
            between = min(100, schema["minimum"] + (schema["maximum"] - schema["minimum"]) // 2)
            return [{"limit": str(schema["minimum"])}, {"limit": str(between)}]
        if provider == "FeaturesTime":
            span = span_of(collection)
            if span is None:
                return []
            begin, end = (
                datetime.fromisoformat(str(moment)) for moment in span
            )  # the suite reads no open end
            later, quarter = begin + (end - begin) / 4, (end - begin) / 4
            return [
                {"datetime": one}
                for one in (_utc(begin), f"{_utc(later)}/{_utc(later + quarter)}", f"{later:%Y-%m-%d}/P2D")
            ]
        return [{}]

    def features(self, provider: str) -> Iterator[tuple[Asked, Document]]:
        """Every feature with a geometry."""
        for one in self.responses(provider):
            for feature in one.page["features"]:
                if feature["geometry"] is not None:
                    yield one, feature

    def first_feature(self, collection: Document) -> Document:
        """The feature that the methods on one feature ask for."""
        (asked,) = [one for one in self.responses("Features") if one.collection is collection]
        return dict(asked.page["features"][0])

    def every_page_of(self, page: Document) -> int:
        """How many features a page and those behind it have."""
        count = len(page["features"])
        while address := next((link["href"] for link in page["links"] if link["rel"] == "next"), None):
            page = self.http.get(address).json()
            count += len(page["features"])
        return count


def _utc(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def area_of(bbox: str) -> Any:
    """A box as an area, in two parts where it crosses 180°."""
    west, south, east, north = map(float, bbox.split(","))
    if west <= east:
        return box(west, south, east, north)
    return union_all([box(west, south, 180, north), box(-180, south, east, north)])


def inside_crs84(feature: Document) -> bool:
    """Whether every point of a feature is one of longitude and latitude."""
    west, south, east, north = shape(feature["geometry"]).bounds
    return -180 <= west <= east <= 180 and -90 <= south <= north <= 90


def assert_links(links: list[Document], shown: str, others: set[str], rels: tuple[str, ...]) -> None:
    """A link to the document itself, to each other encoding, and rel and type on all of them."""
    (itself,) = [link for link in links if link["rel"] == "self"]
    assert itself["type"] == shown
    assert others <= {link["type"] for link in links if link["rel"] == "alternate"}
    assert all(link.get("type") for link in links if link["rel"] in rels)


Method = Callable[[Suite], None]


@dataclass(frozen=True, slots=True)
class Methods:
    """The methods of a suite by the names they have there."""

    by_name: dict[str, Method] = field(default_factory=dict)

    def named(self, *names: str) -> Callable[[Method], Method]:
        """Enters a function as what those methods do."""

        def enter(method: Method) -> Method:
            for name in names:
                assert name not in self.by_name
                self.by_name[name] = method
            return method

        return enter
