"""Scaffolds on both sides of the border between Bensheim and Heppenheim, which overlap by two metres."""

from __future__ import annotations

from typing import Any

from shapely.geometry import LineString, mapping
from sqlalchemy import text

from geo_service.crs import to_lonlat
from geo_service.db.database import owner_session
from tests.permits.conftest import BENSHEIM, HEPPENHEIM, Desk


class Border:
    """A place on the border, from which requests are drawn into either town."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        with owner_session(desk.database) as owner:
            row = owner.execute(
                text(
                    "SELECT ST_X(p) AS x, ST_Y(p) AS y FROM town AS a, town AS b,"
                    " ST_LineInterpolatePoint((SELECT (ST_Dump(ST_LineMerge(ST_CollectionExtract(ST_Intersection(a.boundary, b.boundary), 2)))).geom"
                    " ORDER BY 1 LIMIT 1), 0.5) AS p WHERE a.ags = :a AND b.ags = :b"
                ),
                {"a": BENSHEIM, "b": HEPPENHEIM},
            ).one()
            inside = "SELECT ags FROM town WHERE ST_Covers(boundary, ST_SetSRID(ST_MakePoint(:x, :y), 25832))"
            self.x, self.y = row.x, row.y
            self.sides = {
                to: owner.execute(text(inside), {"x": row.x + to[0] * 6, "y": row.y + to[1] * 6})
                .scalars()
                .all()
                for to in [(1, 0), (-1, 0), (0, 1), (0, -1)]
            }

    def area(self, town: str, *, over_m: float = 1) -> dict[str, Any]:
        """A strip of 14 m into a town; it begins so far on the other side (negative: within)."""
        dx, dy = next(to for to, towns in self.sides.items() if towns == [town])
        way = LineString([(self.x - dx * over_m, self.y - dy * over_m), (self.x + dx * 14, self.y + dy * 14)])
        return dict(mapping(to_lonlat(way.buffer(2, cap_style="flat"))))

    def body(self, town: str, *, over_m: float = 1, **more: Any) -> dict[str, Any]:
        """A complete request of a scaffold there."""
        return {**self.desk.body(**more), "geometry": self.area(town, over_m=over_m)}

    def file(self, town: str, *, over_m: float = 1, **more: Any) -> dict[str, Any]:
        """A filed request there: the receipt."""
        answer = self.desk.client.post("/api/v1/permits", json=self.body(town, over_m=over_m, **more))
        assert answer.status_code == 201, answer.text
        assert answer.json()["town"] == town
        return dict(answer.json())
