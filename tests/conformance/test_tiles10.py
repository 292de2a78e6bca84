"""ets-ogcapi-tiles10, method by method: each test bears the name `Class.method`; what it checks stands in test_tiles.py.

The classes below `older` are in earlier sources of the suite only.
"""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV30SpecValidator

from tests.conformance import test_tiles as checks
from tests.conformance.conftest import Document
from tests.conformance.test_tiles import every_list, every_set

__all__ = ["every_list", "every_set"]


def _api_valid(api: Document) -> None:
    OpenAPIV30SpecValidator(api).validate()


def _operations_named(api: Document) -> None:
    """OGC 20-057, table 11: what asks for tiles, tile sets and their lists is named so."""
    names = [path["get"]["operationId"] for path in api["paths"].values()]
    for end in (".getTile", ".getTileSet", ".getTileSetsList"):
        assert any(name.endswith(end) for name in names), end


def _defined(variable: str) -> Callable[[list[Document]], None]:
    def check(every_set: list[Document]) -> None:
        checks.test_tiles__tc_definition(every_set, variable)

    return check


METHODS: dict[str, Callable[..., None]] = {
    "SuitePreconditions.verifyTestSubject": checks.test_tiles__root_op,
    "ApiDefinition.apiDefinitionValidation": _api_valid,
    "ApiDefinition.apiDefinitionOperationIdValidation": _operations_named,
    "Conformance.validateConformanceOperationAndResponse": checks.test_tiles__conformance,
    "Tile.validateTilesAreAvailable": checks.test_tiles__tc_op,
    "Tile.validateTileMatrixDefinitionIsAvailable": _defined("tileMatrix"),
    "Tile.validateTileRowDefinitionIsAvailable": _defined("tileRow"),
    "Tile.validateTileColDefinitionIsAvailable": _defined("tileCol"),
    "Tile.validateSuccessfulTilesExecutionFollowingLinks": checks.test_tiles__tc_success,
    "Tile.validateTilesErrorConditions": checks.test_tiles__tc_error,
    "TilesetLlinks.validateTilesetsListResponse": checks.test_tiles__tileset_links,
    "LandingPage.landingPageRetrieval": checks.test_tiles__dataset_landingpage,
    "LandingPage.tilesLandingPageValidation": checks.test_tiles__root_op,
    "older.MandatoryCore.verifyMinimalConformance": checks.test_tiles__tc_minimal,
    "older.MandatoryCore.validateSuccessfulTilesExecution": checks.test_tiles__tc_success_with_content,
    "older.MandatoryCore.verifyErrorResponses": checks.test_tiles__tc_error,
    "older.GeospatialDataResource.geospatialResourceTilesetsLinksCheck": checks.test_tiles__geodata_desc_links,
    "older.GeospatialDataResource.geospatialResourceTilesetsRetrieval": checks.test_tiles__geodata_operation,
    "older.TileSet.validateTilesetResponse": checks.test_tiles__tmxslink,
}


@pytest.mark.parametrize("method", METHODS)
def test_tiles10(request: pytest.FixtureRequest, method: str) -> None:
    check = METHODS[method]
    given: dict[str, Any] = {name: request.getfixturevalue(name) for name in signature(check).parameters}
    check(**given)
