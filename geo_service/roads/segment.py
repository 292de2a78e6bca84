"""One piece of road axis between two junctions, before it is a row."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from shapely import LineString

RoadClass = Literal["bundesstrasse", "landesstrasse", "kreisstrasse", "gemeindestrasse", "sonstige"]
OneWay = Literal["no", "forward", "backward"]
WidthSource = Literal["measured", "tagged", "assumed"]

MODES = ("car", "bicycle", "foot", "bus")


# Not frozen: a file holds thousands, and freezing takes three times as long as making them.
@dataclass(kw_only=True, slots=True)
class Segment:
    """A row of road_segment; names, codes and units as in the glossary.

    axis: EPSG:25832, metres; left and right are seen in its direction. segment_id: unique among all sources
    (begin it with the source) and the same at every import. start_node, end_node: ids of the junctions in the
    source; segments with equal ids meet there. town None: the town that holds most of its length is found.
    Widths None mean not known, 0 means there is none; width_source is the weakest of them, and each has its
    own, None where it is not known. A way for pedestrians alone has no carriageway (0) and its width halved
    into left and right, so that the strip lies over the axis.
    """

    segment_id: str
    axis: LineString
    start_node: str
    end_node: str
    road_class: RoadClass
    source_id: str
    town: str | None = None
    street_name: str | None = None
    street_key: str | None = None
    road_number: str | None = None
    highway: str | None = None
    road_owner: str | None = None
    within_built_up_area: bool | None = None
    carriageway_width_m: float | None = None
    footway_width_left_m: float | None = None
    footway_width_right_m: float | None = None
    cycleway_kind: str | None = None
    cycleway_width_m: float | None = None
    parking_lane: str | None = None
    lane_count: int | None = None
    one_way: OneWay = "no"
    max_speed_kmh: int | None = None
    modes: frozenset[str] = frozenset()
    in_service: bool = True
    network_function: frozenset[str] = frozenset()
    width_source: WidthSource = "assumed"
    carriageway_width_source: WidthSource | None = None
    footway_width_left_source: WidthSource | None = None
    footway_width_right_source: WidthSource | None = None
    cycleway_width_source: WidthSource | None = None
    surface_completed_on: date | None = None
    demo: bool = False
