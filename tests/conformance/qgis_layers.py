"""What QGIS's own providers make of the service; run by QGIS's Python, not by ours.

`python3 qgis_layers.py LANDING_PAGE`: a line of JSON for each layer, exit 1 when one is not as the service says. Beside
every collection: all its pages, also where there are more than 25,000 features, a box, an attribute filter; and the
vector tiles as they are drawn.
"""

from __future__ import annotations

import json
import sys
import urllib.parse
import urllib.request
from typing import Any

from qgis.core import (  # type: ignore[import-not-found]
    QgsApplication,
    QgsFeatureRequest,
    QgsMapRendererParallelJob,
    QgsMapSettings,
    QgsRectangle,
    QgsVectorLayer,
    QgsVectorTileLayer,
)
from qgis.PyQt.QtCore import QSize  # type: ignore[import-not-found]
from qgis.PyQt.QtGui import QColor  # type: ignore[import-not-found]

PAGE = 250  # several pages of every larger layer
MANY_A_PAGE = 5000  # where there are more than 25,000
FILTERS = {
    "road_segments": "\"road_class\" = 'gemeindestrasse'",
    "construction_sites": "\"state\" = 'confirmed'",
    "permits": "\"use_type\" = 'geruest'",
    "towns": "\"name\" = 'Bensheim'",
}


def get(address: str) -> Any:
    """A JSON document of the service."""
    request = urllib.request.Request(address, headers={"Accept": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def matched(address: str, **params: str) -> int:
    """How many features the service says there are."""
    asked = f"{address}?{urllib.parse.urlencode(params)}" if params else address
    with urllib.request.urlopen(urllib.request.Request(asked, method="HEAD"), timeout=60) as answer:
        return int(answer.headers["OGC-NumberMatched"])


def opened(landing: str, name: str, page: int) -> Any:
    """The collection as a layer of the provider of QGIS."""
    source = f"url='{landing}' typename='{name}' pageSize='{page}' pagingEnabled='true'"
    return QgsVectorLayer(source, name, "OAPIF")


def faults_of(landing: str, collection: dict[str, Any]) -> tuple[list[str], int]:
    """What differs between the layer in QGIS and the collection, empty when nothing does; and the features read."""
    name, items = collection["id"], f"{landing}/collections/{collection['id']}/items"
    told = matched(items)
    layer = opened(landing, name, MANY_A_PAGE if told > 25_000 else PAGE)
    if not layer.isValid():
        return [f"not valid: {layer.error().summary()}"], 0
    faults = []
    features = list(layer.getFeatures())
    if len(features) != told:
        faults.append(f"{len(features)} features, the service says {told}")
    if len({feature["id"] for feature in features}) != len(features):
        faults.append("a feature came twice")
    if layer.crs().authid() not in ("OGC:CRS84", "EPSG:4326"):
        faults.append(f"reference system {layer.crs().authid()}")
    placed = [feature.geometry() for feature in features if not feature.geometry().isNull()]
    faults += in_boxes(layer, collection, placed)
    faults += filtered(layer, name, items)
    return faults, len(features)


def in_boxes(layer: Any, collection: dict[str, Any], placed: list[Any]) -> list[str]:
    """All inside the extent; those of a box are those of a request for it."""
    faults = []
    west, south, east, north = collection["extent"]["spatial"]["bbox"][0]
    around = QgsRectangle(west - 1e-6, south - 1e-6, east + 1e-6, north + 1e-6)
    if not all(around.contains(place.boundingBox()) for place in placed):
        faults.append("a feature lies outside the extent: axes swapped?")
    third, height = (east - west) / 3, (north - south) / 3
    middle = QgsRectangle(west + third, south + height, east - third, north - height)
    asked = QgsFeatureRequest(middle).setFlags(QgsFeatureRequest.ExactIntersect)
    inside, expected = len(list(layer.getFeatures(asked))), sum(place.intersects(middle) for place in placed)
    if inside != expected:
        faults.append(f"{inside} features in a box, {expected} expected")
    return faults


def filtered(layer: Any, name: str, items: str) -> list[str]:
    """A filter of QGIS finds what the service finds by the same words."""
    if name not in FILTERS:
        return []
    if not layer.setSubsetString(FILTERS[name]):
        return ["the filter was not taken"]
    found = len(list(layer.getFeatures()))
    expected = matched(items, filter=FILTERS[name].replace('"', ""))
    layer.setSubsetString("")
    return [] if found == expected else [f"{found} features by a filter, {expected} expected"]


def drawn_tiles(landing: str) -> list[str]:
    """The vector tiles of everything as QGIS draws them over the extent: there must be something to see."""
    description = get(f"{landing}/tiles/WebMercatorQuad?f=tilejson")
    zooms = f"zmin={description['minzoom']}&zmax={min(description['maxzoom'], 14)}"
    layer = QgsVectorTileLayer(
        f"type=xyz&url={urllib.parse.quote(description['tiles'][0], safe='{}:/')}&{zooms}", "tiles"
    )
    if not layer.isValid():
        return ["the tiles are no valid layer"]
    settings = QgsMapSettings()
    settings.setLayers([layer])
    settings.setDestinationCrs(layer.crs())
    settings.setBackgroundColor(QColor("white"))
    settings.setOutputSize(QSize(600, 600))
    settings.setExtent(QgsRectangle(950_000, 6_370_000, 970_000, 6_390_000))  # Bensheim, EPSG:3857
    job = QgsMapRendererParallelJob(settings)
    job.start()
    job.waitForFinished()
    image = job.renderedImage()
    white = QColor("white").rgb()
    coloured = sum(
        image.pixel(x, y) != white for x in range(0, image.width(), 3) for y in range(0, image.height(), 3)
    )
    return [] if coloured > 200 else [f"only {coloured} of 40,000 pixels are drawn"]


def main(landing: str) -> int:
    """Every collection of a service, and its tiles."""
    application = QgsApplication([], False)
    application.initQgis()
    failed = 0
    for collection in get(f"{landing}/collections")["collections"]:
        faults, count = faults_of(landing, collection)
        failed += bool(faults)
        print(json.dumps({"layer": collection["id"], "features": count, "faults": faults}), flush=True)
    faults = drawn_tiles(landing)
    failed += bool(faults)
    print(json.dumps({"layer": "vector tiles", "faults": faults}), flush=True)
    application.exitQgis()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
