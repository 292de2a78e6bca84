"""Does a site lie where its feed says? The map answers, in the report and in the stored site."""

from __future__ import annotations

from typing import Any

import pytest
from shapely import LineString

from geo_service.crs import to_town
from geo_service.roads.save_segments import save_segments
from geo_service.roads.segment import Segment

PROFILE = """
source: test
title: Baustellen der Stadt Test
attribution: Stadt Test
licence: dl-de/by-2-0
id: id
period:
  start: {field: von}
  end: {field: bis}
fields:
  title: titel
  street: strasse
  street_key: schluessel
"""


@pytest.fixture
def scene(imports: Any) -> Any:
    axis = to_town(LineString([[8.40, 49.0101], [8.402, 49.0101]]))
    nameless = to_town(LineString([[8.40, 49.0201], [8.402, 49.0201]]))
    common = {"road_class": "gemeindestrasse", "modes": frozenset({"car"}), "carriageway_width_m": 6.0}
    save_segments(
        imports.session,
        [
            Segment(
                segment_id="t:1", axis=axis, start_node="1", end_node="2", source_id="1",
                street_name="Königstraße", street_key="00417", **common,
            ),
            Segment(segment_id="t:2", axis=nameless, start_node="3", end_node="4", source_id="2", **common),
        ],
        "t",
    )  # fmt: skip
    return imports


def feature(name: str, lat: float = 49.01, **said: Any) -> dict[str, Any]:
    ring = [[8.4005, lat], [8.4008, lat], [8.4008, lat + 0.0002], [8.4005, lat + 0.0002], [8.4005, lat]]
    said = {"id": name, "titel": name, "von": "2026-08-03", "bis": "2026-08-14", **said}
    return {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [ring]}, "properties": said}


def test_agreement_and_disagreement_are_reported_and_stored(scene: Any) -> None:
    report = scene.features(
        feature("same", strasse="Koenigstr. 4, Höhe Markt"),
        feature("other", strasse="Kaiserstraße"),
        feature("silent"),
        feature("off", lat=49.05, strasse="Königstraße"),
        feature("nameless", lat=49.02, strasse="Königstraße"),
        feature("key", strasse="anders geschrieben", schluessel="00417"),
        feature("wrong key", strasse="Königstraße", schluessel="00999"),
        profile=PROFILE,
    )
    assert report.street_agrees == 2
    assert [(r.source_id, r.number) for r in report.street_disagrees] == [("other", 2), ("wrong key", 7)]
    assert report.street_disagrees[0].reason == "stated: Kaiserstraße; the place lies in: Königstraße"
    stored = scene.rows("SELECT source_id, stated_street, street_check FROM construction_site")
    assert {row.source_id: row.street_check for row in stored} == {
        "same": "agrees", "other": "disagrees", "silent": "unknown", "off": "unknown", "nameless": "unknown",
        "key": "agrees", "wrong key": "disagrees",
    }  # fmt: skip
    assert next(row.stated_street for row in stored if row.source_id == "other") == "Kaiserstraße"


def test_a_corrected_street_is_checked_again(scene: Any) -> None:
    scene.features(feature("a", strasse="Kaiserstraße"), profile=PROFILE)
    report = scene.features(feature("a", strasse="Königstraße"), profile=PROFILE)
    assert (report.changed, report.street_agrees, report.street_disagrees) == (1, 1, ())
    assert scene.value("SELECT street_check FROM construction_site") == "agrees"


def test_each_site_knows_its_segment_from_where_to_where_and_on_which_side(scene: Any) -> None:
    scene.features(feature("a", strasse="Königstraße"), profile=PROFILE)
    row = scene.rows(
        "SELECT s.segment_id, o.from_m, o.to_m, o.side, o.takes FROM occupation_segment o"
        " JOIN road_segment s ON s.gid = o.segment_gid"
    )[0]
    assert (row.segment_id, row.side, row.takes) == ("t:1", "both", ["carriageway"])
    assert row.from_m == pytest.approx(36.6, abs=0.5)
    assert row.to_m == pytest.approx(58.5, abs=0.5)
