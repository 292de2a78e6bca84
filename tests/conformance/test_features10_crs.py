"""ets-ogcapi-features10, part 2 (reference systems), method by method: each test bears the name `Class.method`."""

from __future__ import annotations

import re

import httpx
import pytest
import shapely
from pyproj import Transformer
from shapely.geometry import shape

from tests.conformance.conftest import GEOJSON, Document, items_of
from tests.conformance.suite import DEFAULT_CRS, Methods, Suite

METHODS = Methods()
named = METHODS.named
CRS = "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs"
UNSUPPORTED = "http://www.opengis.net/def/crs/0/unsupported"
OGC_NAME = re.compile(r"http://www\.opengis\.net/def/crs/\w+/[\w.]+/\w+")  # authority, version, code


@pytest.fixture(scope="module")
def suite(
    http: httpx.Client, root: str, landing: Document, api: Document, collections: list[Document]
) -> Suite:
    return Suite(http, root, landing, api, collections)


def _stored(collection: Document) -> str:
    """storageCrs, which a collection need not have: the suite then skips what looks at it."""
    return str(collection.get("storageCrs", DEFAULT_CRS[0]))


@named("CrsRequirementClassPrecondition.verifyConformanceClass")
def _declared(suite: Suite) -> None:
    assert CRS in suite.json(f"{suite.root}/conformance")["conformsTo"]


@named(
    "DiscoveryCollectionsCrsUri.verifyCollectionsCrsIdentifierOfCrsProperty",
    "DiscoveryCollectionsCrsUri.verifyCollectionsCrsIdentifierOfStorageCrs",
)
def _global_uris(suite: Suite) -> None:
    stored = suite.list_document.get("storageCrs")
    for one in (*suite.list_document["crs"], *([stored] if stored else [])):
        assert OGC_NAME.fullmatch(one)


@named(
    "DiscoveryCollectionsCrsUri.verifyCollectionsCollectionCrsIdentifierOfCrsProperty",
    "DiscoveryCollectionsCrsUri.verifyCollectionsCollectionCrsIdentifierOfStorageCrs",
)
def _listed_uris(suite: Suite) -> None:
    for collection in suite.collections:
        assert all(OGC_NAME.fullmatch(one) for one in (*collection["crs"], _stored(collection)))


@named(
    "DiscoveryCollectionCrsUri.verifyCollectionCrsIdentifierOfCrsProperty",
    "DiscoveryCollectionCrsUri.verifyCollectionCrsIdentifierOfStorageCrsProperty",
)
def _uris_alone(suite: Suite) -> None:
    for collection in map(suite.alone, suite.collections):
        assert all(OGC_NAME.fullmatch(one) for one in (*collection["crs"], _stored(collection)))


@named("DiscoveryCollectionsDefaultCrs.verifyCollectionsPathCollectionCrsPropertyContainsDefaultCrs")
def _default_listed(suite: Suite) -> None:
    assert all(set(DEFAULT_CRS) & set(collection["crs"]) for collection in suite.collections)


@named("DiscoveryCollectionDefaultCrs.verifyCollectionCrsIdentifierOfCrsProperty")
def _default_alone(suite: Suite) -> None:
    assert all(set(DEFAULT_CRS) & set(suite.alone(one)["crs"]) for one in suite.collections)


@named("DiscoveryCollectionsStorageCrs.verifyCollectionsPathCollectionCrsPropertyContainsStorageCrs")
def _stored_listed(suite: Suite) -> None:
    assert all(_stored(one) in one["crs"] for one in suite.collections)


@named("DiscoveryCollectionStorageCrs.verifyCollectionCrsIdentifierOfCrsProperty")
def _stored_alone(suite: Suite) -> None:
    assert all(_stored(one) in one["crs"] for one in map(suite.alone, suite.collections))


def _get(suite: Suite, address: str, **params: str) -> httpx.Response:
    return suite.http.get(address, params=params, headers={"Accept": GEOJSON})


def _ids(answer: httpx.Response) -> set[str]:
    assert answer.status_code == 200, answer.text[:200]
    return {feature["id"] for feature in answer.json()["features"]}


@named("BBoxCrsParameter.verifyBboxCrsParameter")
def _bbox_in_every_system(suite: Suite) -> None:
    """As the suite does it: both corners of the extent moved, the first page of one among that of the other."""
    for collection in suite.collections:
        west, south, east, north = collection["extent"]["spatial"]["bbox"][0]
        plain = _ids(_get(suite, items_of(collection), bbox=f"{west},{south},{east},{north}"))
        for crs in collection["crs"]:
            corners = Transformer.from_crs("OGC:CRS84", _code(crs)).transform([west, east], [south, north])
            (first, last), (low, high) = corners
            box = f"{first:.9f},{low:.9f},{last:.9f},{high:.9f}"
            found = _ids(_get(suite, items_of(collection), **{"bbox": box, "bbox-crs": crs}))
            assert found <= plain, (collection["id"], crs)


def _code(crs: str) -> str:
    return "OGC:CRS84" if crs in DEFAULT_CRS else f"EPSG:{crs.rpartition('/')[2]}"


@named("BBoxCrsParameterDefault.verifyBboxCrsParameterDefault")
def _bbox_default(suite: Suite) -> None:
    for collection in suite.collections:
        box = ",".join(map(str, collection["extent"]["spatial"]["bbox"][0]))
        told = _get(suite, items_of(collection), **{"bbox": box, "bbox-crs": DEFAULT_CRS[0]})
        assert _ids(told) == _ids(_get(suite, items_of(collection), bbox=box))


@named("BBoxCrsParameterInvalid.verifyBboxCrsParameterInvalid")
def _bbox_invalid(suite: Suite) -> None:
    for collection in suite.collections:
        wish = {"bbox": "5,49,6,50", "bbox-crs": UNSUPPORTED}
        assert _get(suite, items_of(collection), **wish).status_code == 400


def _addresses(suite: Suite, *, of_features: bool) -> list[tuple[Document, str]]:
    found = []
    for one in suite.collections:
        items = f"{suite.root}/collections/{one['id']}/items"
        found.append((one, items if of_features else f"{items}/{suite.first_feature(one)['id']}"))
    return found


def _enter_for(kind: str, *, of_features: bool) -> None:
    @named(f"{kind}CrsParameter.verify{kind}CrsParameter")
    def _header(suite: Suite) -> None:
        for collection, address in _addresses(suite, of_features=of_features):
            for crs in collection["crs"]:
                answer = _get(suite, address, crs=crs)
                assert answer.status_code == 200
                assert answer.headers["Content-Crs"] == f"<{crs}>"

    @named(f"{kind}CrsParameterDefault.verify{kind}CrsParameterDefault")
    def _default(suite: Suite) -> None:
        for _, address in _addresses(suite, of_features=of_features):
            assert _get(suite, address).headers["Content-Crs"] in [f"<{one}>" for one in DEFAULT_CRS]

    @named(f"{kind}CrsParameterInvalid.verify{kind}CrsParameterInvalid")
    def _invalid(suite: Suite) -> None:
        for _, address in _addresses(suite, of_features=of_features):
            assert _get(suite, address, crs=UNSUPPORTED).status_code == 400


_enter_for("Features", of_features=True)
_enter_for("Feature", of_features=False)


@named(
    "FeaturesCrsParameterTransform.verifyFeaturesPathGeometriesDefaultCrs",
    "FeaturesCrsParameterTransform.verifyFeaturesPathTransformedGeometries",
)
def _pages_moved(suite: Suite) -> None:
    for collection, address in _addresses(suite, of_features=True):
        plain = _get(suite, address).json()["features"]
        for crs in collection["crs"]:
            for here, there in zip(plain, _get(suite, address, crs=crs).json()["features"], strict=True):
                _assert_same_place(here, there, crs)


@named(
    "FeatureCrsParameterTransform.verifyFeatureCrsParameterTransformWithCrsParameter",
    "FeatureCrsParameterTransform.verifyFeatureCrsParameterTransformWithoutCrsParameter",
)
def _features_moved(suite: Suite) -> None:
    """Left open by the suite: the shapes are the same."""
    for collection, address in _addresses(suite, of_features=False):
        plain = _get(suite, address).json()
        for crs in collection["crs"]:
            _assert_same_place(plain, _get(suite, address, crs=crs).json(), crs)


def _assert_same_place(here: Document, there: Document, crs: str) -> None:
    assert here["id"] == there["id"]
    if here["geometry"] is None:
        assert there["geometry"] is None
        return
    back = Transformer.from_crs(_code(crs), "OGC:CRS84").transform
    moved = shapely.transform(shape(there["geometry"]), back, interleaved=False)
    assert moved.hausdorff_distance(shape(here["geometry"])) < 2e-7


@pytest.mark.parametrize("method", METHODS.by_name)
def test_features10_crs(suite: Suite, method: str) -> None:
    METHODS.by_name[method](suite)
