"""OpenLayers, as a partner town's website would use it: vector tiles by the tile set's own description, features by bbox."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyproj import Transformer

from tests.browser.conftest import CENTRE, Watched

pytestmark = pytest.mark.browser

LIBRARY = Path(__file__).resolve().parent.parent / "clients/openlayers/node_modules/ol/dist/ol.js"
PAGE = """<!doctype html><title>Partner</title><style>html,body,#map{margin:0;width:100%;height:100%}</style>
<div id="map"></div><script src="ol.js"></script>"""

# The map, as the documentation of OpenLayers writes one: all it is told is the address of a tile set and of items.
TILES = """
([tiles, centre]) => new Promise((resolve, reject) => {
    const source = new ol.source.OGCVectorTile({url: tiles, format: new ol.format.MVT()});
    source.on('tileloaderror', () => reject(new Error('a tile did not load')));
    const layer = new ol.layer.VectorTile({source});
    const map = new ol.Map({target: 'map', layers: [layer], view: new ol.View({center: centre, zoom: 16})});
    setTimeout(() => reject(new Error(`no tile came; the source is ${source.getState()}`)), 10000);
    source.once('tileloadend', () => map.once('rendercomplete', () => {
        const found = layer.getFeaturesInExtent(map.getView().calculateExtent());
        resolve(found.map(one => ({type: one.getType(), street_name: one.get('street_name')})));
    }));
})
"""
FEATURES = """
([items, centre]) => new Promise((resolve, reject) => {
    const source = new ol.source.Vector({
        format: new ol.format.GeoJSON(),
        strategy: ol.loadingstrategy.bbox,
        url: extent => `${items}?f=json&limit=1000&bbox=${ol.proj.transformExtent(extent, 'EPSG:3857', 'EPSG:4326')}`,
    });
    source.on('featuresloaderror', () => reject(new Error('the features did not load')));
    const map = new ol.Map({
        target: 'map', layers: [new ol.layer.Vector({source})], view: new ol.View({center: centre, zoom: 16}),
    });
    map.once('rendercomplete', () => resolve(source.getFeatures().map(one => [one.getId(), one.get('street_name')])));
})
"""


def _partner_page(watched: Watched) -> None:
    # On the service's own address, because the watch forbids any other; the page itself is the partner's.
    at = f"{watched.server}/partner/"
    watched.page.route(at, lambda route: route.fulfill(body=PAGE, content_type="text/html; charset=utf-8"))
    watched.page.route(
        f"{at}ol.js", lambda route: route.fulfill(path=LIBRARY, content_type="text/javascript")
    )
    watched.page.goto(at)


def _centre() -> list[float]:
    x, y = Transformer.from_crs(25832, 3857, always_xy=True).transform(*CENTRE)
    return [x, y]


def test_vector_tiles_are_found_by_their_description_and_drawn(watched: Watched) -> None:
    _partner_page(watched)
    tiles = f"{watched.server}/ogc/collections/road_segments/tiles/WebMercatorQuad"
    found = watched.page.evaluate(TILES, [tiles, _centre()])
    assert {one["type"] for one in found} <= {"LineString", "MultiLineString"}
    assert "Teststraße" in {one.get("street_name") for one in found}
    ink = watched.page.evaluate(
        "() => { const c = document.querySelector('#map canvas'); const d = c.getContext('2d')"
        ".getImageData(0, 0, c.width, c.height).data; let n = 0;"
        " for (let i = 3; i < d.length; i += 4) n += d[i] > 0; return n; }"
    )
    assert ink > 300, "the streets are lines on the canvas"


def test_features_by_bbox(watched: Watched) -> None:
    _partner_page(watched)
    items = f"{watched.server}/ogc/collections/road_segments/items"
    found = watched.page.evaluate(FEATURES, [items, _centre()])
    assert "t:1" in {key for key, _ in found}
    assert "Teststraße" in {name for _, name in found}
