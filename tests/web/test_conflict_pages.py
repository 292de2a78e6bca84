"""The desk's conflicts and timeline: whose they are, filters, files, screening anew."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from geo_service.db.database import operator_session
from geo_service.interval import TOWN_ZONE
from tests.permits.conftest import HEPPENHEIM, VIERNHEIM

PAGE = "/towns/bensheim/desk/conflicts"
START = datetime.now(TOWN_ZONE).date() + timedelta(days=60)


@pytest.fixture
def filed(desk: Any) -> list[str]:
    """Two scaffolds that overlap in Bensheim and a third six metres from the second."""
    return [desk.file(x)["reference"] for x in (0, 3, 13)]


def get(desk: Any, address: str, **headers: str) -> Any:
    return desk.client.get(address, headers={**desk.key(), "Accept-Language": "de", **headers})


def found(desk: Any, query: str = "") -> list[tuple[str, str]]:
    """Rule and severity of what the GeoJSON of the page holds."""
    answer = get(desk, f"{PAGE}.geojson{query}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/geo+json"
    assert answer.headers["cache-control"] == "no-store"
    features = answer.json()["features"]
    pairs = [one for one in features if one["properties"]["other"]]
    return sorted((one["properties"]["number"], one["properties"]["severity"]) for one in pairs)


def test_each_pair_once_as_table_geojson_and_csv(desk: Any, filed: list[str]) -> None:
    page = get(desk, PAGE)
    assert page.status_code == 200
    assert found(desk) == [("K01", "warn"), ("K02", "info"), ("K02", "info")]
    assert all(reference in page.text for reference in filed)
    feature = get(desk, f"{PAGE}.geojson?severity=warn").json()["features"][0]
    assert feature["geometry"]["type"] == "Polygon"
    assert {feature["properties"]["mine"]["reference"], feature["properties"]["other"]["reference"]} == set(
        filed[:2]
    )
    answer = get(desk, f"{PAGE}.csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="conflicts.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert sorted(row["number"] for row in rows if row["other_id"]) == ["K01", "K02", "K02"]
    worst = next(row for row in rows if row["number"] == "K01")
    assert (worst["from"], worst["until"]) == (START.isoformat(), (START + timedelta(days=13)).isoformat())
    assert "der Fläche" in worst["explanation"]


def test_filters_say_what_is_shown(desk: Any, filed: list[str]) -> None:
    assert found(desk, "?severity=warn") == [("K01", "warn")]
    assert found(desk, "?severity=block") == []
    assert len(found(desk, f"?from={START}&until={START}")) == 3
    before = START - timedelta(days=3)
    assert found(desk, f"?until={before}") == []
    assert len(found(desk, "?severity=%22nonsense&from=gestern&until=%00")) == 3
    assert found(desk, "?street=Nirgendweg") == []
    assert "Diese Straße gibt es hier nicht" in get(desk, f"{PAGE}?street=Nirgendweg").text
    assert get(desk, f"{PAGE}?street=%00").status_code == 200


def test_settled_ones_are_shown_when_asked(desk: Any, filed: list[str]) -> None:
    with operator_session(desk.app.state.engine) as session:
        session.execute(text("UPDATE finding SET status = 'accepted' WHERE number = 'K02'"))
    assert found(desk) == [("K01", "warn")]
    assert len(found(desk, "?settled=yes")) == 3


def test_only_the_towns_own_desk(desk: Any, filed: list[str]) -> None:
    for ending in ("", ".geojson", ".csv"):
        assert desk.client.get(f"{PAGE}{ending}").status_code == 401
        assert desk.client.get(f"{PAGE}{ending}", headers=desk.key(town=VIERNHEIM)).status_code == 403
        assert desk.client.get(f"{PAGE}{ending}", headers=desk.key("reader", None)).status_code == 403
    assert desk.client.post(PAGE).status_code == 401
    assert desk.client.post(PAGE, headers=desk.key(town=VIERNHEIM)).status_code == 403
    assert desk.client.get("/towns/bensheim/desk/timeline").status_code == 401
    other = desk.client.get("/towns/heppenheim/desk/conflicts.geojson", headers=desk.key(town=HEPPENHEIM))
    assert other.json()["features"] == []


def stored(desk: Any) -> dict[str, tuple[str, str]]:
    with operator_session(desk.app.state.engine) as session:
        rows = session.execute(text("SELECT finding_id, rule, status FROM finding")).all()
    return {row.finding_id: (row.rule, row.status) for row in rows}


def test_screening_anew_puts_right_what_is_stored(desk: Any, filed: list[str]) -> None:
    before = stored(desk)
    with operator_session(desk.app.state.engine) as session:
        kept = "UPDATE finding SET status = 'accepted', settled_severity = 'warn' WHERE number = 'K01'"
        session.execute(text(kept))
        session.execute(text("DELETE FROM finding WHERE number = 'K02'"))
        session.execute(
            text(
                "INSERT INTO finding (finding_id, mine_occupation, other_occupation, mine_source, other_source, mine_town,"
                " other_town, rule, number, rule_version, severity, document) SELECT 'gone', mine_occupation,"
                " other_occupation, mine_source, other_source, mine_town, other_town, rule, number, rule_version, severity, document"
                " FROM finding WHERE number = 'K01' LIMIT 1"
            )
        )
    answer = desk.client.post(PAGE, headers=desk.key(), follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"] == f"{PAGE}?found={len(before)}&new=4&gone=1"
    after = stored(desk)
    assert after.keys() == before.keys()
    assert {status for rule, status in after.values() if rule == "area_overlap"} == {"accepted"}
    assert "Soeben neu geprüft" in get(desk, answer.headers["location"]).text


def test_the_timeline_of_a_street(desk: Any, filed: list[str]) -> None:
    with operator_session(desk.app.state.engine) as session:
        session.execute(
            text(
                "INSERT INTO road_segment (segment_id, town, street_name, road_class, axis, in_service, modes,"
                " carriageway_width_m, width_source, source, source_id)"
                " SELECT 't', '06431002', 'Probestraße', 'gemeindestrasse', ST_Force2D(ST_MakeLine(ST_Translate(middle, -40, 0),"
                " ST_Translate(middle, 40, 0))), true, '{car}', 6, 'tagged', 'test', 't'"
                " FROM (SELECT ST_Centroid(ST_Union(area)) AS middle FROM occupation) AS here"
            )
        )
        session.execute(
            text(
                "INSERT INTO occupation_segment (occupation_id, segment_gid, from_m, to_m, side)"
                " SELECT occupation_id, (SELECT gid FROM road_segment WHERE segment_id = 't'), 0, 5, 'axis' FROM occupation"
            )
        )
    address = "/towns/bensheim/desk/timeline?street=probestr."
    page = get(desk, f"{address}&from={START}&until={START + timedelta(days=27)}").text
    assert all(page.count(f"cases/{reference}") == 1 for reference in filed)
    assert page.count('<rect class="bar"') == 3
    # Fourteen of twenty-eight days: half of the drawing, from its left edge.
    assert '<rect class="bar" x="0.0" y="6" width="500.0"' in page
    assert "K01 Warnung" in page
    assert page.count('class="mark-warn"') == 2
    outside = get(
        desk, f"{address}&from={START + timedelta(days=20)}&until={START + timedelta(days=27)}"
    ).text
    assert "In diesem Zeitraum steht hier nichts" in outside
    assert (
        "Diese Straße gibt es hier nicht" in get(desk, "/towns/bensheim/desk/timeline?street=Nirgends").text
    )
    assert (
        get(desk, "/towns/bensheim/desk/timeline?street=x&from=1900-01-01&until=2200-01-01").status_code
        == 200
    )
