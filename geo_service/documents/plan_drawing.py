"""A site plan as SVG in millimetres on paper: ground, axes, names, neighbours, the area with its measures."""

from __future__ import annotations

import math
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from itertools import pairwise

from shapely.geometry import LineString, Point
from shapely.geometry.base import BaseGeometry
from shapely.ops import linemerge

from geo_service.as_written import Language, number_text
from geo_service.documents.plan_window import PLAN_HEIGHT_MM, PLAN_WIDTH_MM, Window

_FONT = "font-family=\"'Liberation Sans','DejaVu Sans',sans-serif\""
# Fill and outline by layer, in the order they cover each other; told apart in grey, too.
_GROUND = {
    "footway": ("#ece7dc", "#8d867a"),
    "cycle_track": ("#e3c0b4", "#a06a58"),
    "carriageway": ("#cfd4da", "#6d7680"),
    "cycle_lane": ("#e3c0b4", "#a06a58"),
}
_MINE = "#a3123a"
_OTHER = "#1c4f8f"
_MOST_SIDES = 8  # of an area whose sides are measured out
_LEAST_SIDE_MM = 7.0


def svg_picture(svg: str) -> str:
    """The drawing as a data address."""
    return f"data:image/svg+xml;base64,{b64encode(svg.encode()).decode()}"


def draw_plan(
    window: Window,
    area: BaseGeometry,
    *,
    ground: Mapping[str, BaseGeometry],
    axes: Sequence[tuple[str, BaseGeometry]],
    neighbours: Iterable[tuple[int, BaseGeometry]],
    language: Language,
) -> str:
    """The drawing. Geometries in EPSG:25832; axes with the names of streets; neighbours with numbers."""
    w, h = PLAN_WIDTH_MM, PLAN_HEIGHT_MM
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{w}mm" height="{h}mm" viewBox="0 0 {w} {h}">',
        f'<defs><clipPath id="sheet"><rect width="{w}" height="{h}"/></clipPath></defs>',
        f'<rect width="{w}" height="{h}" fill="#f9f7f2"/>',
        '<g clip-path="url(#sheet)">',
        *_ground(window, ground),
        *_grid(window),
        *_axes(window, axes),
        *_neighbours(window, neighbours),
        *_mine(window, area, language),
        "</g>",
        *_scale_bar(window, language),
        *_north_arrow(),
        f'<rect width="{w}" height="{h}" fill="none" stroke="#222" stroke-width="0.5"/>',
        "</svg>",
    ]
    return "".join(parts)


def _ground(window: Window, ground: Mapping[str, BaseGeometry]) -> Iterator[str]:
    for layer, (fill, line) in _GROUND.items():
        if layer in ground:
            outline = f'fill="{fill}" stroke="{line}" stroke-width="0.15" fill-rule="evenodd"'
            yield f'<path d="{_path(window, ground[layer])}" {outline}/>'


def _grid(window: Window) -> Iterator[str]:
    """Crosses at round metres, numbered at the edges: what is drawn can be measured out on the spot."""
    step = {250: 10, 500: 20, 1_000: 50, 2_500: 100, 5_000: 200, 10_000: 500}.get(window.scale, 1_000)
    bounds = window.bounds()
    easts = range(math.ceil(bounds["west"] / step) * step, math.ceil(bounds["east"]), step)
    norths = range(math.ceil(bounds["south"] / step) * step, math.ceil(bounds["north"]), step)
    for east in easts:
        for north in norths:
            x, y = window.mm(east, north)
            cross = f"M{x - 1:.2f} {y:.2f}h2M{x:.2f} {y - 1:.2f}v2"
            yield f'<path d="{cross}" stroke="#555" stroke-width="0.12" fill="none"/>'
    for east in easts:
        x, _ = window.mm(east, 0)
        if 12 < x < PLAN_WIDTH_MM - 12:
            yield _text(x, PLAN_HEIGHT_MM - 1.2, str(east), size=2.0, fill="#555")
    for north in norths:
        _, y = window.mm(0, north)
        if 22 < y < PLAN_HEIGHT_MM - 14:
            yield _text(1.0, y - 0.6, str(north), size=2.0, fill="#555", anchor="start")


def _axes(window: Window, axes: Sequence[tuple[str, BaseGeometry]]) -> Iterator[str]:
    by_name: dict[str, list[LineString]] = {}
    for name, axis in axes:
        lines = [part for part in _parts(axis) if part.geom_type == "LineString"]
        by_name.setdefault(name, []).extend(lines)
        for line in lines:
            yield (
                f'<path d="{_path(window, line)}" fill="none" stroke="#4a525b" stroke-width="0.2" '
                'stroke-dasharray="3 0.8 0.6 0.8"/>'
            )
    for name, lines in by_name.items():
        if name and lines:
            yield _street_name(window, name, lines)


def _street_name(window: Window, name: str, lines: list[LineString]) -> str:
    """The name along the longest run of its street, near one end: the middle is where the area lies."""
    merged = linemerge(lines) if len(lines) > 1 else lines[0]
    longest = max(_parts(merged), key=lambda line: line.length)
    room_mm = longest.length * 1000 / window.scale
    if room_mm < len(name) * 1.6 + 6:
        return ""
    reach = (len(name) * 0.85 + 4) * window.scale / 1000  # half the name and a little, in metres
    at = longest.interpolate(min(reach, longest.length / 2))
    ahead = longest.interpolate(min(reach + 1.0, longest.length))
    (x, y), (x2, y2) = window.mm(at.x, at.y), window.mm(ahead.x, ahead.y)
    turn = math.degrees(math.atan2(y2 - y, x2 - x))
    if not -90 < turn <= 90:
        turn += 180
    halo = 'stroke="#ffffff" stroke-width="0.9" stroke-linejoin="round"'
    return "".join(
        _text(
            0,
            1.1,
            name,
            size=3.2,
            fill=fill,
            more=f'transform="translate({x:.2f} {y:.2f}) rotate({turn:.1f})" {line}',
        )
        for fill, line in (("#ffffff", halo), ("#222222", ""))
    )


def _neighbours(window: Window, neighbours: Iterable[tuple[int, BaseGeometry]]) -> Iterator[str]:
    for number, area in neighbours:
        fill = f'fill="{_OTHER}" fill-opacity="0.12" fill-rule="evenodd"'
        line = f'stroke="{_OTHER}" stroke-width="0.4" stroke-dasharray="1.4 0.7"'
        yield f'<path d="{_path(window, area)}" {fill} {line}/>'
        spot = area.representative_point()
        x, y = window.mm(spot.x, spot.y)
        yield f'<circle cx="{x:.2f}" cy="{y:.2f}" r="2.3" fill="#fff" stroke="{_OTHER}" stroke-width="0.35"/>'
        yield _text(x, y + 1.05, str(number), size=3.0, fill=_OTHER, more='font-weight="bold"')


def _mine(window: Window, area: BaseGeometry, language: Language) -> Iterator[str]:
    outline = (
        f'fill="{_MINE}" fill-opacity="0.25" stroke="{_MINE}" stroke-width="0.7" stroke-linejoin="round"'
    )
    yield f'<path d="{_path(window, area)}" {outline} fill-rule="evenodd"/>'
    polygons = [part for part in _parts(area) if part.geom_type == "Polygon"]
    if len(polygons) == 1 and len(polygons[0].exterior.coords) - 1 <= _MOST_SIDES:
        yield from _measures(window, list(polygons[0].exterior.coords), polygons[0], language)


def _measures(
    window: Window, corners: list[tuple[float, ...]], area: BaseGeometry, language: Language
) -> Iterator[str]:
    """The length of each side that has room for it, outside the area."""
    for (ax, ay, *_), (bx, by, *_) in pairwise(corners):
        length = math.dist((ax, ay), (bx, by))
        if length * 1000 / window.scale < _LEAST_SIDE_MM:
            continue
        nx, ny = (by - ay) / length, (ax - bx) / length
        off = 2.6 * window.scale / 1000
        mx, my = (ax + bx) / 2, (ay + by) / 2
        if area.contains(Point(mx + nx * off / 10, my + ny * off / 10)):
            nx, ny = -nx, -ny
        x, y = window.mm(mx + nx * off, my + ny * off)
        turn = math.degrees(math.atan2(-(by - ay), bx - ax))
        turn += 180 if not -90 < turn <= 90 else 0
        words = f"{number_text(length, language, 1)} m"
        place = f'transform="translate({x:.2f} {y:.2f}) rotate({turn:.1f})"'
        halo = f'{place} stroke="#ffffff" stroke-width="0.7"'
        yield _text(0, 0.9, words, size=2.6, fill="#ffffff", more=halo)
        yield _text(0, 0.9, words, size=2.6, fill=_MINE, more=f'{place} font-weight="bold"')


def _scale_bar(window: Window, language: Language) -> Iterator[str]:
    """Five pieces, three to four centimetres in all."""
    piece = {250: 2, 500: 4, 1_000: 8, 2_500: 20, 5_000: 40, 10_000: 80}.get(
        window.scale, window.scale // 125
    )
    mm = piece * 1000 / window.scale
    left, top = PLAN_WIDTH_MM - 5 * mm - 10, PLAN_HEIGHT_MM - 9
    yield _box(left - 5, top - 4.5, 5 * mm + 13, 10.5)
    for i in range(5):
        fill = "#222" if i % 2 == 0 else "#fff"
        yield _box(left + i * mm, top, mm, 1.6, fill)
    for i in (0, 5):
        yield _text(
            left + i * mm, top - 0.8, f"{number_text(piece * i, language, 0)}{' m' if i else ''}", size=2.4
        )
    scale = number_text(window.scale, language, 0)
    words = f"Scale 1:{scale}" if language == "en" else f"Maßstab 1:{scale}"
    yield _text(left + 2.5 * mm, top + 4.6, words, size=2.6)


def _north_arrow() -> Iterator[str]:
    x, y = PLAN_WIDTH_MM - 8, 4.0
    yield _box(x - 4.5, 1.5, 9, 16)
    yield f'<path d="M{x} {y}l2.4 8l-2.4 -1.8z" fill="#222"/>'
    yield f'<path d="M{x} {y}l-2.4 8l2.4 -1.8z" fill="#fff" stroke="#222" stroke-width="0.25"/>'
    yield _text(x, y + 12.2, "N", size=3.6, more='font-weight="bold"')


def _box(x: float, y: float, w: float, h: float, fill: str = "#fff") -> str:
    place = f'x="{x:.2f}" y="{y:.2f}" width="{w:.2f}" height="{h:.2f}"'
    return f'<rect {place} fill="{fill}" stroke="#222" stroke-width="0.2"/>'


def _text(  # noqa: PLR0913 - attributes of one word
    x: float, y: float, words: str, *, size: float, fill: str = "#222", anchor: str = "middle", more: str = ""
) -> str:
    place = f'x="{x:.2f}" y="{y:.2f}" font-size="{size}" fill="{fill}" text-anchor="{anchor}"'
    return f"<text {place} {_FONT} {more}>{escape(words)}</text>"


def _parts(shape: BaseGeometry) -> list[BaseGeometry]:
    return [part for part in getattr(shape, "geoms", [shape]) if not part.is_empty]


def _path(window: Window, shape: BaseGeometry) -> str:
    """The outline as path data."""

    def run(coords: Iterable[tuple[float, ...]], close: bool) -> str:
        places = [window.mm(xy[0], xy[1]) for xy in coords]
        return "M" + "L".join(f"{x:.2f} {y:.2f}" for x, y in places) + ("Z" if close else "")

    found = []
    for part in _parts(shape):
        if part.geom_type == "Polygon":
            found += [run(ring.coords, True) for ring in (part.exterior, *part.interiors)]
        elif part.geom_type in ("LineString", "LinearRing"):
            found.append(run(part.coords, False))
        elif hasattr(part, "geoms"):
            found.append(_path(window, part))
    return "".join(found)
