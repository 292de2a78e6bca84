"""Folium pages of ours: own assets, own popup, data by address, a nonce on every script, style and link."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import folium
from branca.element import Element, Figure
from folium.elements import JSCSSMixin
from folium.template import Template

from geo_service.mapview import assets
from geo_service.mapview.map_setting import MapParts, MapSetting, script_json
from geo_service.mapview.view import MapView

_OPENING = re.compile(r"<(script|style|link)\b", re.IGNORECASE)


class TownMap(folium.Map):
    """A Leaflet map without Folium's jQuery, Bootstrap and fonts.

    The class-level lists of folium.Map are shared by all maps: here they are replaced, never changed.
    """

    default_js: list[assets.Asset] = []  # noqa: RUF012 - Folium's own declaration
    default_css: list[assets.Asset] = []  # noqa: RUF012
    _template = Template(
        """
        {% macro html(this, kwargs) %}
            <div class="town-map" id={{ this.get_name()|tojson }}></div>
        {% endmacro %}
        {% macro script(this, kwargs) %}
            var {{ this.get_name() }} = L.map({{ this.get_name()|tojson }}, {{ this.options|tojavascript }});
        {% endmacro %}
        """
    )

    def __init__(self, view: MapView, setting: MapSetting, *, name: str = "town_map") -> None:
        self.page_name = name
        west, south, east, north = setting.bounds
        super().__init__(
            location=[(south + north) / 2, (west + east) / 2],
            tiles=None,
            prefer_canvas=True,
            zoom_control=False,
            min_zoom=view.min_zoom,
            max_zoom=view.max_zoom,
        )
        # Folium keeps these two for its tile layers; ours come from the view.
        self.options |= {"minZoom": view.min_zoom, "maxZoom": view.max_zoom, "attributionControl": False}
        for old in ("min_zoom", "max_zoom"):
            self.options.pop(old, None)
        more_js = (assets.DRAWING_JS,) if setting.drawing else ()
        more_css = (assets.DRAWING_CSS,) if setting.drawing else ()
        self.default_js = assets.addresses(assets.LEAFLET_JS, *more_js, *assets.MAP_JS, base=setting.base)
        self.default_css = assets.addresses(assets.LEAFLET_CSS, *more_css, assets.MAP_CSS, base=setting.base)

    def get_name(self) -> str:
        """The name of the Leaflet object in the page; Folium's would be random."""
        return self.page_name

    def figure(self) -> Figure:
        """The page around the map."""
        figure = self.get_root()
        assert isinstance(figure, Figure)
        return figure


class ViewLayers(JSCSSMixin):
    """Hands the view to static/js/map.js as data; popups are built there with textContent."""

    _template = Template(
        """
        {% macro script(this, kwargs) %}
            GeoService.startMap({{ this._parent.get_name() }}, {{ this.config|tojavascript }});
        {% endmacro %}
        """
    )

    def __init__(self, view: MapView, setting: MapSetting) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "ViewLayers"
        self.config = _RawObject(
            {
                "language": setting.language,
                "base": setting.base,
                "bounds": list(setting.bounds),
                "focus": setting.focus,
                "day": setting.day,
                "notice": setting.notice,
                "credits": {subject: list(names) for subject, names in setting.credits.items()},
                "layers": [layer.model_dump() for layer in view.layers],
                "data": dict(setting.data) if setting.data is not None else None,
            }
        )


class _RawObject(folium.utilities.JsCode):
    """JSON that is safe inside a script element and keeps its names (Folium would camel-case them)."""

    def __init__(self, value: Mapping[str, Any]) -> None:
        super().__init__(script_json(value))


def render_map(view: MapView, setting: MapSetting, *, nonce: str, name: str = "town_map") -> MapParts:
    """The map's markup for one page, `nonce` on all of it; the Leaflet object is `window[name]`."""
    town_map = TownMap(view, setting, name=name)
    town_map.add_child(ViewLayers(view, setting))
    figure = town_map.figure()
    for child in list(figure.header._children):
        del figure.header._children[child]  # the generator's meta element
    rendered(town_map)
    return MapParts(
        head=with_nonce(rendered(figure.header), nonce),
        body=rendered(figure.html),
        script=with_nonce(f"<script>{rendered(figure.script)}</script>", nonce),
    )


def rendered(element: Element) -> str:
    """The markup of one element of Folium."""
    return str(element.render())


def with_nonce(markup: str, nonce: str) -> str:
    """`markup` with the nonce on every script, style and link; JSON in it holds no raw `<`."""
    return _OPENING.sub(rf'<\1 nonce="{nonce}"', markup)
