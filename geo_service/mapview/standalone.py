"""One page with everything in it: opens from disk without a network. Scripts, styles and data are inlined."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Any

from markupsafe import escape

from geo_service.errors import SetupError
from geo_service.mapview import assets
from geo_service.mapview.map_setting import MapSetting, script_json
from geo_service.mapview.view import MapView

MOST_BYTES = 5_000_000
_URL = re.compile(r"url\((?:\"|')?(?!data:)([^)\"']+)(?:\"|')?\)")
# Nothing in the file may reach for anything outside it.
_POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:"


def standalone_page(view: MapView, setting: MapSetting, *, title: str, note: str) -> str:
    """The whole HTML of a map on disk. title, note: text, escaped here. setting.data: the features."""
    from geo_service.mapview.town_map import TownMap, ViewLayers, rendered  # noqa: PLC0415 - as web/pages.py

    town_map = TownMap(view, setting)
    town_map.default_js, town_map.default_css = [], []
    town_map.add_child(ViewLayers(view, setting))
    figure = town_map.figure()
    rendered(town_map)
    files = (assets.LEAFLET_JS, *assets.MAP_JS)
    scripts = "\n".join(f"<script>{_script(path)}</script>" for _, path in files)
    styles = "\n".join(f"<style>{_style(path)}</style>" for _, path in (assets.LEAFLET_CSS, assets.MAP_CSS))
    return (
        f'<!doctype html>\n<html lang="{escape(setting.language)}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<title>{escape(title)}</title>\n{styles}\n{scripts}\n</head>\n<body class="on-disk">\n'
        f'<div class="disk-title"><h1>{escape(title)}</h1><p>{escape(note)}</p></div>\n'
        f"{rendered(figure.html)}\n<script>{rendered(figure.script)}</script>\n</body>\n</html>\n"
    )


def fits(data: Mapping[str, Any]) -> bool:
    """True if the data may be embedded."""
    return len(script_json(data).encode()) <= MOST_BYTES


def _read(path: str) -> str:
    file = assets.STATIC / path
    if not file.is_file():
        raise SetupError(f"The browser file {file} is missing; `make run` or `make test` fetches it.")
    return file.read_text(encoding="utf-8")


def _script(path: str) -> str:
    text = re.sub(r"//# sourceMappingURL=.*", "", _read(path))
    return text.replace("</script", "<\\/script")


def _style(path: str) -> str:
    folder = (assets.STATIC / path).parent

    def inlined(match: re.Match[str]) -> str:
        file = folder / match[1]
        if not file.is_file():
            return "none"
        kind = "svg+xml" if file.suffix == ".svg" else file.suffix[1:]
        return f"url(data:image/{kind};base64,{base64.b64encode(file.read_bytes()).decode()})"

    return _URL.sub(inlined, _read(path))
