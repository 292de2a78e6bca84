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


def school(node: int, place: tuple[float, float]) -> str:
    """A school as a point."""
    lon, lat = _TO_LONLAT.transform(CORNER[0] + place[0], CORNER[1] + place[1])
    return f'\n<node id="{node}" version="1" lat="{lat:.7f}" lon="{lon:.7f}"><tag k="amenity" v="school"/></node>'


def boundary(relation: int, ways: Sequence[int], **tags: str) -> str:
    """A relation of a municipal boundary; `__` in a tag's key stands for a colon."""
    inside = "".join(f'<member type="way" ref="{way}" role="outer"/>' for way in ways)
    every = {"type": "boundary", "boundary": "administrative", "admin_level": "8", **tags}
    inside += "".join(
        f"<tag k={quoteattr(k.replace('__', ':'))} v={quoteattr(v)}/>" for k, v in every.items()
    )
    return f'<relation id="{relation}" version="1">{inside}</relation>'


def osm_text(places: Places, ways: Ways, *, nodes_last: bool = False, relations: Sequence[str] = ()) -> str:
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
    parts += relations
    return "<?xml version='1.0' encoding='UTF-8'?>\n<osm version=\"0.6\">\n" + "\n".join(parts) + "\n</osm>\n"


def town_scene() -> str:
    """A street that leaves the square kilometre of Neustadt (06999009), whose neighbour is cut off."""
    places = {
        1: (-400, -500),
        2: (600, -500),
        3: (600, 500),
        4: (-400, 500),
        5: (0, 0),
        6: (500, 0),
        7: (1500, 0),
    }
    ways: Ways = {
        10: street(5, 6, name="Neue Straße"),
        11: street(6, 7, name="Landstraße"),
        20: ((1, 2, 3), {"boundary": "administrative"}),
        21: ((3, 4, 1), {"boundary": "administrative"}),
    }
    neustadt = boundary(
        31, (20, 21), name="Neustadt", name__prefix="Stadt", de__amtlicher_gemeindeschluessel="06 999 009"
    )
    neighbour = boundary(32, (21,), name="Nachbar", de__amtlicher_gemeindeschluessel="06999010")
    district = boundary(33, (20, 21), name="Kreis", de__amtlicher_gemeindeschluessel="06999", admin_level="6")
    return osm_text(places, ways, relations=(neustadt, neighbour, district))


def osm_file(folder: Path, ways: Ways, places: Places = PLACES, *, nodes_last: bool = False) -> Path:
    path = folder / "scene.osm"
    path.write_text(osm_text(places, ways, nodes_last=nodes_last), encoding="utf-8")
    return path
