"""What part of the ground a site plan shows, and where its places lie on the paper."""

from __future__ import annotations

from dataclasses import dataclass

from shapely.geometry.base import BaseGeometry

PLAN_WIDTH_MM, PLAN_HEIGHT_MM = 170.0, 118.0
# The usual scales of plans; an area takes at most this part of the sheet, so that its surroundings are seen.
SCALES = (250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000)
_MOST = 0.55


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """A rectangle in EPSG:25832 (metres), drawn at 1:`scale` with north at the top."""

    west: float
    south: float
    scale: int

    @property
    def width_m(self) -> float:
        """How far it reaches to the east."""
        return PLAN_WIDTH_MM * self.scale / 1000

    @property
    def height_m(self) -> float:
        """How far it reaches to the north."""
        return PLAN_HEIGHT_MM * self.scale / 1000

    def mm(self, east: float, north: float) -> tuple[float, float]:
        """The place on the paper, from the upper left corner."""
        x = (east - self.west) * 1000 / self.scale
        return x, PLAN_HEIGHT_MM - (north - self.south) * 1000 / self.scale

    def bounds(self) -> dict[str, float]:
        """West, south, east, north in metres."""
        return {
            "west": self.west,
            "south": self.south,
            "east": self.west + self.width_m,
            "north": self.south + self.height_m,
        }


def window_around(area: BaseGeometry) -> Window:
    """The window around `area` (EPSG:25832, not empty), at the largest usual scale that holds it."""
    west, south, east, north = area.bounds
    middle_x, middle_y = (west + east) / 2, (south + north) / 2

    def holds(scale: int) -> bool:
        wide, high = PLAN_WIDTH_MM * scale / 1000 * _MOST, PLAN_HEIGHT_MM * scale / 1000 * _MOST
        return bool(east - west <= wide and north - south <= high)

    scale = next((each for each in SCALES if holds(each)), SCALES[-1])
    half_w, half_h = PLAN_WIDTH_MM * scale / 2000, PLAN_HEIGHT_MM * scale / 2000
    return Window(west=middle_x - half_w, south=middle_y - half_h, scale=scale)
