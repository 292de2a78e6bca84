"""The shape of a strip beside an axis that bends."""

from __future__ import annotations

import math
from typing import Any

import pytest
from shapely import LineString, to_wkb
from sqlalchemy import text
from sqlalchemy.orm import Session


def bend(radius_m: float, degrees: float, corners: int) -> LineString:
    """To the left, drawn with so many corners."""
    angles = [math.radians(degrees * i / corners) for i in range(corners + 1)]
    return LineString(
        [(radius_m * math.sin(angle), radius_m - radius_m * math.cos(angle)) for angle in angles]
    )


@pytest.mark.parametrize(
    ("axis", "low_m", "high_m", "there"),
    [
        (bend(20, 90, 12), 3, 5, True),
        (
            bend(2, 45, 4),
            5,
            6,
            False,
        ),  # nothing is left of it beside the bend, only of what it is prolonged by
        (bend(2, 270, 4), 4, 6, False),  # what it is prolonged by crosses itself
        (bend(3, 270, 4), 3, 4, False),
    ],
)
def test_inside_a_bend_tighter_than_a_strip_is_far_away_there_is_no_strip(
    asking: Session, axis: LineString, low_m: float, high_m: float, there: bool
) -> None:
    asked = {"axis": to_wkb(axis), "to_m": axis.length, "low_m": low_m, "high_m": high_m}
    found: Any = asking.execute(
        text(
            "SELECT strip, body, head, tail FROM"
            " strip_shape(ST_GeomFromWKB(:axis), 0, :to_m, :low_m, :high_m, 5)"
        ),
        asked,
    ).one()
    assert [shape is not None for shape in found] == [there] * 4
