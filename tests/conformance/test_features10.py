"""ets-ogcapi-features10, method by method: each test bears the name of a method, `Class.method`.

The methods are those of its last published sources; what they assert is written here anew. Where the suite leaves an
assertion open (its source says so), ours is made.
"""

from __future__ import annotations

from urllib.parse import urlsplit

import httpx
import pytest
from shapely.geometry import shape

from tests.conformance.conftest import GEOJSON, Document, span_of
from tests.conformance.suite import DEFAULT_CRS, Methods, Suite, area_of, assert_links

METHODS = Methods()
named = METHODS.named
JSON, HTML = "application/json", "text/html"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
CORE = "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core"


@pytest.fixture(scope="module")
def suite(
    http: httpx.Client, root: str, landing: Document, api: Document, collections: list[Document]
) -> Suite:
    return Suite(http, root, landing, api, collections)


@named("GeneralHttp.http")
def _http(suite: Suite) -> None:
    assert suite.http.get(f"{suite.root}/").http_version == "HTTP/1.1"


@named("SuitePreconditions.verifyTestSubject", "LandingPage.landingPageRetrieval")
def _landing(suite: Suite) -> None:
    assert suite.json(f"{suite.root}/")["links"]


@named("LandingPage.landingPageValidation")
def _landing_links(suite: Suite) -> None:
    rels = {link["rel"] for link in suite.landing["links"]}
    assert {"conformance", "data"} <= rels
    assert rels & {"service-desc", "service-doc"}


@named("ApiDefinition.openapiDocumentRetrieval")
def _api(suite: Suite) -> None:
    (address,) = [
        link["href"]
        for link in suite.landing["links"]
        if link["rel"] == "service-desc" and link["type"].replace(" ", "") == OPENAPI
    ]
    assert suite.http.get(address, headers={"Accept": OPENAPI}).status_code == 200


@named("ApiDefinition.apiDefinitionValidation")
def _api_valid(suite: Suite) -> None:
    from openapi_spec_validator import OpenAPIV30SpecValidator

    OpenAPIV30SpecValidator(suite.api).validate()


@named("Conformance.validateConformanceOperationAndResponse")
def _conformance(suite: Suite) -> None:
    assert "/conformance" in suite.api["paths"]
    classes = suite.json(f"{suite.root}/conformance")["conformsTo"]
    assert CORE in classes
    assert all(isinstance(one, str) for one in classes)


@named("FeatureCollections.validateFeatureCollectionsMetadataOperation")
def _collections(suite: Suite) -> None:
    assert "/collections" in suite.api["paths"]
    assert suite.list_document


@named(
    "FeatureCollections.validateFeatureCollectionsMetadataOperationResponse_Links",
    "FeatureCollections.validateFeatureCollectionsMetadataOperationResponse_Links_v101",
)
def _collections_links(suite: Suite) -> None:
    assert_links(suite.list_document["links"], JSON, {HTML}, ("self", "alternate"))


@named(
    "FeatureCollections.validateFeatureCollectionsMetadataOperationResponse_Items",
    "FeatureCollections.validateFeatureCollectionsMetadataOperationResponse_Content",
)
def _collections_content(suite: Suite) -> None:
    assert suite.list_document["links"]
    assert suite.list_document["collections"]
    for one in suite.list_document["collections"]:
        assert one["itemType"] == "feature"
        assert [link for link in one["links"] if link["rel"] == "items"]


@named("FeatureCollections.validateFeatureCollectionsMetadataOperationResponse_CrsProperty")
def _collections_crs(suite: Suite) -> None:
    assert suite.list_document["crs"][0] in DEFAULT_CRS
    assert all(one["crs"][0] in DEFAULT_CRS for one in suite.list_document["collections"])


@named("FeatureCollections.validateFeatureCollectionsMetadataOperationResponse_Items_v101")
def _collections_items(suite: Suite) -> None:
    for one in suite.list_document["collections"]:
        assert isinstance(one["id"], str) and one["id"]
        west, south, east, north = one["extent"]["spatial"]["bbox"][0]
        assert west <= east and south <= north
        assert None not in (span_of(one) or ())  # the suite fails on an open end, which the standard allows
        for link in [link for link in one["links"] if link["rel"] == "items"]:
            answer = suite.http.get(link["href"], headers={"Accept": link["type"]})
            assert answer.status_code == 200
            if link["type"] == GEOJSON:
                assert answer.json()["type"] == "FeatureCollection"


@named("FeatureCollections.validateFeatureCollectionsMetadataOperationResponse_Items_Links_v101")
def _collections_items_links(suite: Suite) -> None:
    for one in suite.list_document["collections"]:
        assert {GEOJSON, HTML} <= {link["type"] for link in one["links"] if link["rel"] == "items"}
        assert all(link.get("rel") and link.get("type") and link.get("href") for link in one["links"])


@named("FeatureCollections.validateFeatureCollectionsMetadataOperationResponse_Extent_v101")
def _collections_extent(suite: Suite) -> None:
    """That boxes hold all geometries, which the suite itself does not look at."""
    for one in suite.responses("Features"):
        area = area_of(",".join(map(str, one.collection["extent"]["spatial"]["bbox"][0]))).buffer(1e-6)
        placed = [shape(f["geometry"]) for f in one.page["features"] if f["geometry"] is not None]
        assert all(area.contains(place) for place in placed)


@named("FeatureCollection.validateFeatureCollectionMetadataOperation")
def _collection(suite: Suite) -> None:
    for one in suite.collections:
        assert f"/collections/{one['id']}" in suite.api["paths"]
        assert suite.alone(one)


@named("FeatureCollection.validateFeatureCollectionMetadataResponse")
def _collection_same(suite: Suite) -> None:
    for one in suite.collections:
        alone = suite.alone(one)
        assert all(alone[name] == one[name] for name in ("id", "title", "description", "extent"))


@named("FeaturesErrorConditions.validateFeaturesOperation_QueryParamInvalid")
def _invalid(suite: Suite) -> None:
    _refused(suite, limit="unlimited")


@named("FeaturesErrorConditions.validateFeaturesOperation_QueryParamUnknown")
def _unknown(suite: Suite) -> None:
    _refused(suite, unknownQueryParameter17012="1")


def _refused(suite: Suite, **params: str) -> None:
    for one in suite.responses("Features"):
        address = urlsplit(str(one.answer.request.url))._replace(query="").geturl()
        assert suite.http.get(address, params=params, headers={"Accept": GEOJSON}).status_code == 400


@named("Feature.featureOperation", "Feature.validateFeatureResponse")
def _feature(suite: Suite) -> None:
    for one in suite.collections:
        address = f"{suite.root}/collections/{one['id']}/items/{suite.first_feature(one)['id']}"
        answer = suite.http.get(address, headers={"Accept": GEOJSON})
        assert answer.status_code == 200
        rels = ("self", "alternate", "collection")
        assert_links(answer.json()["links"], GEOJSON, {HTML}, rels)
        assert [link for link in answer.json()["links"] if link["rel"] == "collection" and link["type"]]


@pytest.mark.parametrize("method", METHODS.by_name)
def test_features10(suite: Suite, method: str) -> None:
    METHODS.by_name[method](suite)
