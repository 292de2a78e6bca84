"""The files a map needs, all from this service: our own table instead of Folium's ten foreign addresses."""

from __future__ import annotations

from pathlib import Path

Asset = tuple[str, str]

STATIC = Path(__file__).resolve().parent.parent / "web" / "static"
STATIC_ADDRESS = "/static"

LEAFLET_JS: Asset = ("leaflet", "vendor/leaflet/leaflet.js")
LEAFLET_CSS: Asset = ("leaflet_css", "vendor/leaflet/leaflet.css")
DRAWING_JS: Asset = ("drawing", "vendor/leaflet-geoman/leaflet-geoman.min.js")
DRAWING_CSS: Asset = ("drawing_css", "vendor/leaflet-geoman/leaflet-geoman.css")
MAP_CSS: Asset = ("map_css", "css/map.css")
# Order matters: each script adds to one object, and map.js begins.
MAP_JS: tuple[Asset, ...] = (
    ("text_js", "js/text.js"),
    ("popup_js", "js/popup.js"),
    ("streets_js", "js/streets.js"),
    ("street_names_js", "js/street_names.js"),
    ("layers_js", "js/layers.js"),
    ("map_js", "js/map.js"),
)


def addresses(*assets: Asset, base: str = "") -> list[Asset]:
    """Names with addresses on this service; `base` is the path prefix behind a proxy."""
    return [(name, f"{base}{STATIC_ADDRESS}/{path}") for name, path in assets]
