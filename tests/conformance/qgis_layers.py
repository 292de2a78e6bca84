"""What QGIS's own OGC API Features provider makes of every collection; run by QGIS's Python, not by ours.

`python3 qgis_layers.py LANDING_PAGE`: a line of JSON for each layer, exit 1 when one is not as the service says.
"""

from __future__ import annotations

import json
import sys
import urllib.request
from typing import Any

from qgis.core import QgsApplication, QgsFeatureRequest, QgsRectangle, QgsVectorLayer  # type: ignore[import-not-found]

PAGE = 250  # several pages of every larger layer


def get(address: str) -> Any:
    """A JSON document of the service."""
    request = urllib.request.Request(address, headers={"Accept": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def matched(address: str) -> int:
    """How many features the service says there are."""
    with urllib.request.urlopen(urllib.request.Request(address, method="HEAD"), timeout=60) as answer:
        return int(answer.headers["OGC-NumberMatched"])


def faults_of(landing: str, collection: dict[str, Any]) -> list[str]:
    """What differs between the layer in QGIS and the collection; empty when nothing does."""
    name, items = collection["id"], f"{landing}/collections/{collection['id']}/items"
    layer = QgsVectorLayer(
        f"url='{landing}' typename='{name}' pageSize='{PAGE}' pagingEnabled='true'", name, "OAPIF"
    )
    if not layer.isValid():
        return [f"not valid: {layer.error().summary()}"]
    faults = []
    features = list(layer.getFeatures())
    if len(features) != matched(items):
        faults.append(f"{len(features)} features, the service says {matched(items)}")
    if layer.crs().authid() not in ("OGC:CRS84", "EPSG:4326"):
        faults.append(f"reference system {layer.crs().authid()}")
    west, south, east, north = collection["extent"]["spatial"]["bbox"][0]
    placed = [feature.geometry() for feature in features if not feature.geometry().isNull()]
    around = QgsRectangle(west - 1e-6, south - 1e-6, east + 1e-6, north + 1e-6)
    if not all(around.contains(place.boundingBox()) for place in placed):
        faults.append("a feature lies outside the extent: axes swapped?")
    middle = QgsRectangle(
        west + (east - west) / 3,
        south + (north - south) / 3,
        east - (east - west) / 3,
        north - (north - south) / 3,
    )
    asked = QgsFeatureRequest(middle).setFlags(QgsFeatureRequest.ExactIntersect)
    inside = len(list(layer.getFeatures(asked)))
    if inside != sum(place.intersects(middle) for place in placed):
        faults.append(
            f"{inside} features in a box, {sum(place.intersects(middle) for place in placed)} expected"
        )
    return faults


def main(landing: str) -> int:
    """Every collection of a service."""
    application = QgsApplication([], False)
    application.initQgis()
    failed = 0
    for collection in get(f"{landing}/collections")["collections"]:
        faults = faults_of(landing, collection)
        failed += bool(faults)
        print(json.dumps({"layer": collection["id"], "faults": faults}), flush=True)
    application.exitQgis()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
