"""What clerks draw at the border between Bensheim and Heppenheim, and what is said of it."""

from __future__ import annotations

from email.message import EmailMessage
from typing import Any

from shapely.geometry import LineString, Polygon, mapping

from geo_service.crs import to_lonlat
from geo_service.db.database import operator_session
from geo_service.roads.save_segments import save_segments
from geo_service.roads.segment import Segment
from tests.messages.conftest import Post, work
from tests.messages.test_border import OFFICE
from tests.objects.conftest import LEAST, address, put
from tests.permits.at_border import Border
from tests.permits.conftest import BENSHEIM, Desk


def drawn(
    border: Border, path: str, town: str = BENSHEIM, *, over_m: float = 1, **more: Any
) -> dict[str, Any]:
    """A body of one kind at the border."""
    place = border.area(town, over_m=over_m)
    return {"type": "Feature", "geometry": place, "properties": {**LEAST[path], **more}}


def enter(border: Border, path: str, town: str = BENSHEIM, **more: Any) -> dict[str, Any]:
    """The stored Feature."""
    key = border.desk.key(town=town)
    answer = border.desk.client.post(address(path), json=drawn(border, path, town, **more), headers=key)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def told(desk: Desk, path: str, stored: dict[str, Any], town: str = BENSHEIM) -> list[dict[str, Any]]:
    """The messages about it, as its desk reads them."""
    answer = desk.client.get(f"{address(path, stored['id'])}/messages", headers=desk.key(town=town))
    assert answer.status_code == 200, answer.text
    return list(answer.json()["messages"])


def change(border: Border, path: str, stored: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Replaced by another body at the border: the stored Feature."""
    answer = put(border.desk, path, stored, drawn(border, path, **more))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def lay_street(border: Border, **widths: float) -> None:
    """A street across the border, with its middle on it."""
    dx, dy = next(to for to, towns in border.sides.items() if towns == [BENSHEIM])
    ends = [(border.x + side * 40 * dx, border.y + side * 40 * dy) for side in (-1, 1)]
    made = Segment(
        segment_id="test:g", axis=LineString(ends), start_node="a", end_node="b", street_name="Grenzweg",
        road_class="gemeindestrasse", source_id="g", modes=frozenset({"car", "foot"}), carriageway_width_m=6.0,
        width_source="measured", **widths,
    )  # fmt: skip
    with operator_session(border.desk.app.state.engine) as session:
        save_segments(session, [made], "test")


def along(border: Border, first_m: float, last_m: float, inner_m: float, outer_m: float) -> dict[str, Any]:
    """A stripe beside the axis of that street: metres along it into Bensheim, and to its left."""
    dx, dy = next(to for to, towns in border.sides.items() if towns == [BENSHEIM])

    def at(along_m: float, left_m: float) -> tuple[float, float]:
        return border.x + along_m * dx - left_m * dy, border.y + along_m * dy + left_m * dx

    ring = [at(first_m, inner_m), at(last_m, inner_m), at(last_m, outer_m), at(first_m, outer_m)]
    return dict(mapping(to_lonlat(Polygon(ring))))


def mails_to_office(desk: Desk, post: Post) -> list[EmailMessage]:
    work(desk, post.server)
    return [mail for mail in post.mails if mail["To"] == OFFICE]
