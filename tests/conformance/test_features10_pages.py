"""ets-ogcapi-features10, its methods on pages of features, each test with the name `Class.method`.

Four classes of the suite ask for pages in four ways (plainly, by boxes, limits and times) and look at them alike.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from shapely.geometry import shape

from tests.conformance.conftest import GEOJSON, Document, parameter_of
from tests.conformance.suite import Methods, Suite, area_of, assert_links, inside_crs84

METHODS = Methods()
named = METHODS.named
WAYS = {
    "Features": ("validateFeaturesOperation", "validateFeaturesResponse_"),
    "FeaturesBBox": (
        "validateFeaturesWithBoundingBoxOperation",
        "validateFeaturesWithBoundingBoxResponse_",
    ),
    "FeaturesLimit": ("validateFeaturesWithLimitOperation", "validateFeaturesWithLimitResponse_"),
    "FeaturesTime": ("validateFeaturesWithDateTimeOperation", "validateFeaturesWithDateTimeResponse_"),
}
# These are not named after the way they ask.
PLAINLY_NAMED = {
    ("FeaturesBBox", "GeometryInCRS84"),
    ("FeaturesBBox", "NumberReturned"),
    ("FeaturesLimit", "NumberReturned"),
    ("FeaturesTime", "NumberReturned"),
}


@pytest.fixture(scope="module")
def suite(
    http: httpx.Client, root: str, landing: Document, api: Document, collections: list[Document]
) -> Suite:
    return Suite(http, root, landing, api, collections)


@named("FeaturesBBox.boundingBoxParameterDefinition")
def _bbox_definition(suite: Suite) -> None:
    for one in suite.collections:
        schema = _form(suite, one, "bbox")["schema"]
        assert (schema["type"], schema["items"]["type"]) == ("array", "number")
        assert all(each["minItems"] == each["maxItems"] in (4, 6) for each in schema["oneOf"])


@named("FeaturesLimit.limitParameterDefinition")
def _limit_definition(suite: Suite) -> None:
    for one in suite.collections:
        schema = _form(suite, one, "limit")["schema"]
        assert schema["type"] == "integer"
        assert schema["minimum"] >= 0 and schema["default"] >= 0


@named("FeaturesTime.timeParameterDefinition")
def _time_definition(suite: Suite) -> None:
    for one in suite.collections:
        assert _form(suite, one, "datetime")["schema"]["type"] == "string"


def _form(suite: Suite, collection: Document, name: str) -> Document:
    found = parameter_of(suite.api, collection, name)
    assert (found["in"], found["style"]) == ("query", "form")
    assert not found["required"] and not found["explode"]
    return found


@named("FeaturesBBox.validateFeaturesWithBoundingBoxResponse")
def _inside_the_box(suite: Suite) -> None:
    for one, feature in suite.features("FeaturesBBox"):
        assert shape(feature["geometry"]).intersects(area_of(one.wish["bbox"]).buffer(1e-7))
        assert inside_crs84(feature)


@named("FeaturesLimit.validateFeaturesWithLimitResponse")
def _limit_kept(suite: Suite) -> None:
    for one in suite.responses("FeaturesLimit"):
        assert len(one.page["features"]) <= int(one.wish["limit"])


@named("FeaturesTime.validateFeaturesWithDateTimeResponse")
def _time_kept(suite: Suite) -> None:
    """Left open by the suite: a time that touches the one asked for, or none."""
    for one in suite.responses("FeaturesTime"):
        first, _, last = one.wish["datetime"].partition("/")
        begin = _at(first) - timedelta(hours=2)  # a day begins in Berlin, not in UTC
        end = begin + timedelta(days=3) if last == "P2D" else _at(last or first)
        for feature in one.page["features"]:
            starts, ends = (feature["properties"].get(name) for name in ("period_start", "period_end"))
            assert starts is None or _at(starts) <= end
            assert ends is None or _at(ends) >= begin


def _at(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _operation(suite: Suite, way: str) -> None:
    assert suite.responses(way)
    for one in suite.responses(way):
        assert one.answer.status_code == 200, (one.collection["id"], one.wish)


def _in_crs84(suite: Suite, way: str) -> None:
    assert all(inside_crs84(feature) for _, feature in suite.features(way))


def _type(suite: Suite, way: str) -> None:
    assert {one.page["type"] for one in suite.responses(way)} == {"FeatureCollection"}


def _features(suite: Suite, way: str) -> None:
    assert all(isinstance(one.page["features"], list) for one in suite.responses(way))


def _links(suite: Suite, way: str) -> None:
    for one in suite.responses(way):
        assert_links(one.page["links"], GEOJSON, {"text/html"}, ("self", "alternate"))


def _time_stamp(suite: Suite, way: str) -> None:
    for one in suite.responses(way):
        assert datetime.fromisoformat(one.page["timeStamp"]).tzinfo is not None


def _number_matched(suite: Suite, way: str) -> None:
    for one in suite.responses(way):
        assert one.page["numberMatched"] == suite.every_page_of(one.page), one.wish


def _number_returned(suite: Suite, way: str) -> None:
    assert all(one.page["numberReturned"] == len(one.page["features"]) for one in suite.responses(way))


ALIKE: dict[str, Callable[[Suite, str], None]] = {
    "GeometryInCRS84": _in_crs84,
    "TypeProperty": _type,
    "FeaturesProperty": _features,
    "Links": _links,
    "TimeStamp": _time_stamp,
    "NumberMatched": _number_matched,
    "NumberReturned": _number_returned,
}


def _named_for(way: str) -> dict[str, Callable[[Suite, str], None]]:
    """What is looked at alike, by the names it has in one class."""
    operation, prefix = WAYS[way]
    found = {f"{way}.{operation}": _operation}
    for what, check in ALIKE.items():
        begin = "validateFeaturesResponse_" if (way, what) in PLAINLY_NAMED else prefix
        found[f"{way}.{begin}{what}"] = check
    return found


@pytest.mark.parametrize("method", METHODS.by_name)
def test_features10(suite: Suite, method: str) -> None:
    METHODS.by_name[method](suite)


@pytest.mark.parametrize(
    ("way", "method"),
    [pytest.param(way, method, id=method) for way in WAYS for method in _named_for(way)],
)
def test_features10_pages(suite: Suite, way: str, method: str) -> None:
    _named_for(way)[method](suite, way)
