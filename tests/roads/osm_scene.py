"""Small hand-written OpenStreetMap files: places in metres from a corner near Bensheim, ways of nodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import quoteattr

from pyproj import Transformer

CORNER = (474000.0, 5503000.0)
_TO_LONLAT = Transformer.from_crs(25832, 4326, always_xy=True)

Places = Mapping[int, tuple[float, float]]
Ways = Mapping[int, tuple[Sequence[int], Mapping[str, str]]]

# A crossroads: two streets that meet in node 2.
PLACES: Places = {1: (0, 0), 2: (100, 0), 3: (200, 0), 4: (100, 100), 5: (100, -100), 6: (150, 80)}


def street(*nodes: int, **tags: str) -> tuple[Sequence[int], Mapping[str, str]]:
    """A way of residential street; `__` in a tag's key stands for a colon."""
    return nodes, {"highway": "residential", **{key.replace("__", ":"): value for key, value in tags.items()}}


def osm_text(places: Places, ways: Ways, *, nodes_last: bool = False) -> str:
    nodes = []
    for node, (east_m, north_m) in places.items():
        lon, lat = _TO_LONLAT.transform(CORNER[0] + east_m, CORNER[1] + north_m)
        nodes.append(f'<node id="{node}" version="1" lat="{lat:.7f}" lon="{lon:.7f}"/>')
    lines = []
    for way, (refs, tags) in ways.items():
        inside = "".join(f'<nd ref="{ref}"/>' for ref in refs)
        inside += "".join(f"<tag k={quoteattr(key)} v={quoteattr(value)}/>" for key, value in tags.items())
        lines.append(f'<way id="{way}" version="1">{inside}</way>')
    parts = [*lines, *nodes] if nodes_last else [*nodes, *lines]
    return "<?xml version='1.0' encoding='UTF-8'?>\n<osm version=\"0.6\">\n" + "\n".join(parts) + "\n</osm>\n"


def osm_file(folder: Path, ways: Ways, places: Places = PLACES, *, nodes_last: bool = False) -> Path:
    path = folder / "scene.osm"
    path.write_text(osm_text(places, ways, nodes_last=nodes_last), encoding="utf-8")
    return path
