"""`alternatives` over HTTP and on the terminal: what is offered can be filed as it is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from shapely.geometry import LineString, Point
from sqlalchemy import text
from typer.testing import CliRunner

from geo_service.app import build_app
from geo_service.commands import check as check_command
from geo_service.crs import to_lonlat
from geo_service.db.database import Database, operator_session
from geo_service.db.local_cluster import LocalCluster
from geo_service.occupations.use_request import occupation_of
from geo_service.occupations.write_occupation import save_occupation
from geo_service.settings import Settings
from geo_service.web.use_request import UseFeature

CHECKS = "/api/v1/conflict-checks"
SOON = datetime.now(UTC).date() + timedelta(days=60)
MIDDLE = Point(475_400.0, 5_503_600.0)
STREET = "INSERT INTO road_segment (segment_id, town, street_name, road_class, highway, axis, carriageway_width_m, footway_width_left_m, footway_width_right_m, modes, in_service, width_source, source, source_id) VALUES ('t:1', '06431002', 'Teststraße', 'gemeindestrasse', 'residential', ST_SetSRID(ST_GeomFromText(:wkt), 25832), 6, 2, 2, '{car,foot}', true, 'assumed', 'test', '1')"


def feature(**properties: Any) -> dict[str, Any]:
    """A scaffold of 10 × 4 m on the footway, two weeks from in two months on."""
    middle = to_lonlat(Point(MIDDLE.x, MIDDLE.y + 4))
    geometry = properties.pop("geometry", {"type": "Point", "coordinates": [middle.x, middle.y]})
    days = {"from": SOON.isoformat(), "until": (SOON + timedelta(days=13)).isoformat()}
    named = {"use_type": "geruest", "length_m": 10, "depth_m": 1, "takes": [], **days, **properties}
    kept = {name: value for name, value in named.items() if value != "gone"}
    return {"type": "Feature", "geometry": geometry, "properties": kept}


@pytest.fixture(scope="module")
def database(cluster: LocalCluster, town_template: str) -> Iterator[Database]:
    cluster.create_database("api_alternatives", template=town_template)
    opened = cluster.database("api_alternatives")
    engine = opened.app_engine()
    request = UseFeature.model_validate(feature()).to_request()
    with operator_session(engine) as session:
        axis = LineString([(MIDDLE.x - 100, MIDDLE.y), (MIDDLE.x + 100, MIDDLE.y)])
        session.execute(text(STREET), {"wkt": axis.wkt})
        save_occupation(
            session,
            occupation_of(request, filed_at=datetime.now(UTC), source_id=uuid4(), state="granted"),
        )
    engine.dispose()
    yield opened
    cluster.drop_database("api_alternatives")


@pytest.fixture(scope="module")
def client(database: Database) -> Iterator[TestClient]:
    with TestClient(build_app(Settings(demo=True), database), raise_server_exceptions=False) as opened:
        yield opened


def asked(client: TestClient, **properties: Any) -> dict[str, Any]:
    answer = client.post(CHECKS, json=feature(**properties))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_what_is_offered_is_free_when_it_is_asked_for(client: TestClient) -> None:
    answer = asked(client, alternatives=True)
    assert answer["verdict"] == "blocked"
    offered = answer["alternatives"]
    later = SOON + timedelta(days=14)
    assert offered["time"] == {
        "from": later.isoformat(),
        "until": (later + timedelta(days=13)).isoformat(),
    }
    assert offered["incomplete"] is False
    assert offered["place"]["shift_m"] == 10
    assert asked(client, **offered["time"])["verdict"] != "blocked"
    there = asked(client, geometry=offered["place"]["geometry"], length_m="gone", depth_m="gone")
    assert there["verdict"] != "blocked"


def test_nothing_is_offered_unasked_or_where_nothing_blocks(client: TestClient) -> None:
    assert asked(client)["alternatives"] is None
    later = {
        "from": (SOON + timedelta(days=14)).isoformat(),
        "until": (SOON + timedelta(days=20)).isoformat(),
    }
    assert asked(client, alternatives=True, **later)["alternatives"] is None
    berlin = {"type": "Point", "coordinates": [13.4, 52.5]}
    assert asked(client, alternatives=True, geometry=berlin)["alternatives"] is None


def test_instants_are_answered_with_instants(client: TestClient) -> None:
    start, end = f"{SOON}T08:00:00+00:00", f"{SOON}T12:00:00+00:00"
    days = {"from": "gone", "until": "gone", "start": start, "end": end}
    time = asked(client, alternatives=True, **days)["alternatives"]["time"]
    assert time["from"] == time["until"] == (SOON + timedelta(days=14)).isoformat()
    again = {"from": "gone", "until": "gone", "start": time["start"], "end": time["end"]}
    assert asked(client, **again)["verdict"] != "blocked"


def test_a_collection_has_none(client: TestClient) -> None:
    body = {"type": "FeatureCollection", "features": [feature(alternatives=True)]}
    (check,) = client.post(CHECKS, json=body).json()["checks"]
    assert (check["verdict"], check["alternatives"]) == ("blocked", None)


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("de", ["Stattdessen möglich", "frei vom", "10 m weiter in derselben Straße frei (Mitte 8.6"]),
        ("en", ["Possible instead", "free from", "free 10 m further along the same street (centre 8.6"]),
    ],
)
def test_the_terminal_tells_them_too(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lang: str, words: list[str]
) -> None:
    from contextlib import nullcontext

    import typer

    monkeypatch.setattr(check_command, "opened_database", lambda _: nullcontext(database))
    monkeypatch.setenv("COLUMNS", "200")
    app = typer.Typer()
    app.callback()(lambda: None)
    check_command.register(app)
    file = tmp_path / "use.geojson"
    file.write_text(json.dumps(feature(alternatives=True)))
    told = CliRunner().invoke(app, ["check", str(file), "--lang", lang])
    assert told.exit_code == 0, told.output
    for part in words:
        assert part in told.output, told.output
    file.write_text(json.dumps(feature()))
    assert words[0] not in CliRunner().invoke(app, ["check", str(file), "--lang", lang]).output
