"""`POST /api/v1/conflict-checks` over HTTP, on the real towns: what is told, to whom, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo_service.app import build_app
from geo_service.conflicts.catalogue import rulebook
from geo_service.db.database import Database, operator_session
from geo_service.db.local_cluster import LocalCluster
from geo_service.occupations.use_request import occupation_of
from geo_service.occupations.write_occupation import save_occupation
from geo_service.settings import Settings
from geo_service.web.use_request import UseFeature

CHECKS = "/api/v1/conflict-checks"
SOON = datetime.now(UTC).date() + timedelta(days=60)
BENSHEIM = [8.6225, 49.6810]


def feature(**properties: Any) -> dict[str, Any]:
    """A scaffold of 10 × 4 m in the middle of Bensheim, two weeks from in two months on."""
    geometry = properties.pop("geometry", {"type": "Point", "coordinates": BENSHEIM})
    days = {"from": SOON.isoformat(), "until": (SOON + timedelta(days=13)).isoformat()}
    named = {"use_type": "geruest", "length_m": 10, "depth_m": 4, **days, **properties}
    return {
        "type": "Feature",
        "geometry": geometry,
        "properties": {k: v for k, v in named.items() if v != "gone"},
    }


@pytest.fixture(scope="module")
def database(cluster: LocalCluster, town_template: str) -> Iterator[Database]:
    cluster.create_database("api_checks", template=town_template)
    yield cluster.database("api_checks")
    cluster.drop_database("api_checks")


@pytest.fixture(scope="module")
def client(database: Database) -> Iterator[TestClient]:
    app = build_app(Settings(demo=True), database)
    with TestClient(app, raise_server_exceptions=False) as opened:
        yield opened


@pytest.fixture
def stored(database: Database) -> Iterator[Any]:
    """Stores a use in a state; everything is removed at the end."""
    engine = database.app_engine()

    def store(state: str, **properties: Any) -> int:
        request = UseFeature.model_validate(feature(**properties)).to_request()
        with operator_session(engine) as session:
            occupation = occupation_of(
                request,
                filed_at=datetime.now(UTC),
                source_id=uuid4(),
                state=state,
                reference="BEN-2026-000007",
            )
            return save_occupation(session, occupation)

    yield store
    with operator_session(engine) as session:
        session.execute(text("DELETE FROM occupation"))
    engine.dispose()


def numbers(answer: dict[str, Any]) -> list[tuple[str, str]]:
    return [(finding["number"], finding["severity"]) for finding in answer["findings"]]


def test_nothing_in_the_way(client: TestClient) -> None:
    answer = client.post(CHECKS, json=feature()).json()
    assert (answer["verdict"], answer["town"], answer["findings"]) == ("clear", "06431002", [])
    assert answer["area_m2"] == 40.0
    assert answer["alternatives"] is None
    assert answer["fee"]["official"] is False
    assert (answer["takes"], answer["street_known"]) == ([], False)


def test_a_granted_permit_blocks_and_is_named_to_everyone(client: TestClient, stored: Any) -> None:
    stored("granted")
    answer = client.post(
        CHECKS, json=feature(geometry={"type": "Point", "coordinates": [8.62255, 49.6810]})
    ).json()
    assert answer["verdict"] == "blocked"
    finding = answer["findings"][0]
    assert (finding["rule"], finding["number"], finding["severity"]) == ("area_overlap", "K01", "block")
    assert finding["other"]["reference"] == "BEN-2026-000007"
    assert finding["other"]["label"] == "Gerüst"
    assert finding["geometry"]["type"] == "Polygon"
    assert finding["measured"] == pytest.approx(25.5, abs=0.3)
    assert "„Gerüst (BEN-2026-000007)“" in finding["explanation"]["de"]
    assert "25," in finding["explanation"]["de"]
    assert "25." in finding["explanation"]["en"]
    assert finding["legal_source"] == "HStrG § 16"


def test_a_request_under_review_stays_nameless_for_the_public(client: TestClient, stored: Any) -> None:
    stored("submitted", use_type="container")
    answer = client.post(CHECKS, json=feature()).json()
    assert answer["verdict"] == "review"
    other = answer["findings"][0]["other"]
    assert (other["id"], other["reference"], other["label"]) == (None, None, "Antrag in Bearbeitung")
    assert "period" not in other
    assert "Container" not in str(answer)
    assert "BEN-2026" not in str(answer)


@pytest.mark.parametrize(
    "state", ["draft", "rejected", "withdrawn", "ended", "revoked", "lapsed", "surrendered"]
)
def test_what_does_not_count_is_not_found(client: TestClient, stored: Any, state: str) -> None:
    stored(state)
    assert client.post(CHECKS, json=feature()).json()["verdict"] == "clear"


def test_nothing_is_stored(client: TestClient, database: Database) -> None:
    client.post(CHECKS, json=feature())
    engine = database.app_engine()
    with Session(engine) as session:
        assert session.execute(text("SELECT count(*) FROM occupation")).scalar_one() == 0
    engine.dispose()


def test_several_uses_are_compared_with_each_other(client: TestClient) -> None:
    body = {
        "type": "FeatureCollection",
        "features": [feature(), feature(), feature(geometry={"type": "Point", "coordinates": [8.63, 49.68]})],
    }
    answer = client.post(CHECKS, json=body).json()
    assert answer["verdict"] == "review"
    first, second, third = answer["checks"]
    assert numbers(first) == numbers(second) == [("K01", "warn")]
    assert (first["findings"][0]["other"]["collection"], first["findings"][0]["other"]["id"]) == (
        "request",
        "2",
    )
    assert second["findings"][0]["other"]["id"] == "1"
    assert third["verdict"] == "clear"


def test_uses_of_a_collection_are_called_by_their_ids(client: TestClient) -> None:
    named = [{**feature(), "id": one} for one in ("süd", 7)]
    answer = client.post(CHECKS, json={"type": "FeatureCollection", "features": named}).json()
    first, second = (check["findings"][0]["other"] for check in answer["checks"])
    assert (first["collection"], first["id"], first["reference"]) == ("request", "7", "7")
    assert second["reference"] == "süd"
    # Ids that are no names, or twice the same: by their place, and no error, as with any foreign member.
    for wrong in (["a", "a"], ["a", None], ["a", {"b": 1}], ["a\0", "b"], ["a" * 101, "b"], [True, 1.5]):
        odd = [{**feature(), "id": one} for one in wrong]
        reply = client.post(CHECKS, json={"type": "FeatureCollection", "features": odd})
        assert reply.status_code == 200, wrong
        assert reply.json()["checks"][0]["findings"][0]["other"]["reference"] == "2"


def test_more_than_fifty_findings_are_counted(client: TestClient, stored: Any) -> None:
    for _ in range(53):
        stored("submitted")
    answer = client.post(CHECKS, json=feature()).json()
    assert (len(answer["findings"]), answer["findings_total"]) == (50, 53)


def test_short_notice_and_an_urgent_fee(client: TestClient) -> None:
    today = datetime.now(UTC).date()
    soon = {
        "from": (today + timedelta(days=3)).isoformat(),
        "until": (today + timedelta(days=4)).isoformat(),
    }
    answer = client.post(CHECKS, json=feature(**soon)).json()
    assert numbers(answer) == [("K23", "warn")]
    assert "Begründung" in answer["findings"][0]["explanation"]["de"]


def square(lon: float, lat: float, size: float = 0.0002) -> list[list[float]]:
    return [[lon, lat], [lon + size, lat], [lon + size, lat + size], [lon, lat + size], [lon, lat]]


def polygon(*rings: Any) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


SPIRAL = [[8.6 + i * 1e-7, 49.6 + (i % 2) * 1e-5] for i in range(20_000)]
BAD = {
    "bow tie": (feature(geometry=polygon([[8.6, 49.6], [8.61, 49.61], [8.61, 49.6], [8.6, 49.61], [8.6, 49.6]])), "/geometry/coordinates", "self-intersection"),
    "empty": (feature(geometry={"type": "Polygon", "coordinates": []}), "/geometry/coordinates", "empty"),
    "no geometry": (feature(geometry=None), "/geometry", "needed"),
    "too many vertices": (feature(geometry=polygon([*SPIRAL, [8.7, 49.5], SPIRAL[0]])), "/geometry/coordinates", "10000"),
    "swapped": (feature(geometry={"type": "Point", "coordinates": [49.681, 8.6225]}), "/geometry/coordinates", "swapped"),
    "elsewhere": (feature(geometry={"type": "Point", "coordinates": [2.35, 48.85]}), "/geometry/coordinates", "outside"),
    "open ring": (feature(geometry=polygon(square(8.6, 49.6)[:-1])), "/geometry/coordinates/0", "closed"),
    "wrong nesting": (feature(geometry={"type": "Polygon", "coordinates": [8.6, 49.6]}), "/geometry/coordinates/0", "list"),
    "text": (feature(geometry={"type": "Point", "coordinates": ["8.6", "49.6"]}), "/geometry/coordinates", "degrees"),
    "huge": (feature(geometry=polygon(square(8.5, 49.5, 0.2))), "/geometry", "km²"),
    "line without widths": (feature(geometry={"type": "LineString", "coordinates": [[8.6, 49.6], [8.601, 49.6]]}, depth_m="gone"), "/properties/depth_m", "depth_m"),
    "unknown type": (feature(geometry={"type": "Circle", "coordinates": [8.6, 49.6]}), "/geometry/type", "Circle"),
    "reversed": (feature(**{"until": "2020-01-01"}), "/properties/until", "before"),
    "no period": (feature(**{"from": "gone", "until": "gone"}), "/properties/from", "period"),
    "both periods": (feature(start="2026-06-01T00:00:00Z"), "/properties/from", "either"),
    "thirty years": (feature(until=f"{SOON.year + 30}-01-01"), "/properties/until", "at most"),
    "naive instant": (feature(**{"from": "gone", "until": "gone", "start": "2026-06-01T00:00:00", "end": "2026-06-02T00:00:00Z"}), "/properties/start", "timezone"),
    "unknown property": (feature(colour="red"), "/properties/colour", "not permitted"),
    "unknown use": (feature(use_type="zirkus"), "/properties/use_type", "unknown use"),
    "heights": (feature(height_from_m=5, height_to_m=3), "/properties/height_to_m", "above"),
    "pattern without a day": (feature(**{"until": SOON.isoformat(), "recurrence": {"weekdays": [("mon", "tue", "wed", "thu", "fri", "sat", "sun")[(SOON.weekday() + 2) % 7]]}}), "/properties/recurrence", "never"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_refused_with_its_place(client: TestClient, name: str) -> None:
    body, pointer, words = BAD[name]
    answer = client.post(CHECKS, json=body, headers={"Accept-Language": "en"})
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    faults = answer.json()["errors"]
    assert any(fault["pointer"].startswith(pointer) and words in fault["detail"] for fault in faults), faults


@pytest.mark.parametrize("place", ["[NaN, 49.6]", "[Infinity, 49.6]", "[1e999, 49.6]", "[8.6, -1e400]"])
def test_a_number_that_is_none_is_refused(client: TestClient, place: str) -> None:
    body = f'{{"type":"Feature","geometry":{{"type":"Point","coordinates":{place}}},"properties":{{"use_type":"geruest"}}}}'
    answer = client.post(CHECKS, content=body, headers={"content-type": "application/json"})
    assert answer.status_code in (400, 422), answer.text
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "body",
    [
        "{",
        "[]",
        "null",
        "7",
        '{"type":"Feature"}',
        '{"type":"Topology"}',
        "[" * 100_000,
        '{"type":["Feature"]}',
    ],
)
def test_what_is_no_feature_is_refused(client: TestClient, body: str) -> None:
    answer = client.post(CHECKS, content=body, headers={"content-type": "application/json"})
    assert answer.status_code in (400, 422), answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_collection_names_the_faulty_feature(client: TestClient) -> None:
    body = {"type": "FeatureCollection", "features": [feature(), feature(until="2020-01-01")]}
    faults = client.post(CHECKS, json=body).json()["errors"]
    assert [fault["pointer"] for fault in faults] == ["/features/1/properties/until"]


def test_a_deep_collection_of_geometries_is_refused(client: TestClient) -> None:
    inner: dict[str, Any] = {"type": "Point", "coordinates": BENSHEIM}
    for _ in range(50):
        inner = {"type": "GeometryCollection", "geometries": [inner]}
    assert client.post(CHECKS, json=feature(geometry=inner)).status_code == 422


def test_a_third_coordinate_is_dropped_and_a_small_spike_repaired(client: TestClient) -> None:
    ring = square(*BENSHEIM)
    spiked = [*ring[:2], [ring[1][0] + 0.0001, ring[1][1]], ring[1], *ring[2:]]
    answer = client.post(CHECKS, json=feature(geometry=polygon([[*place, 117.3] for place in spiked])))
    assert answer.status_code == 200, answer.text
    assert answer.json()["area_m2"] == pytest.approx(321, rel=0.02)


def test_outside_every_town(client: TestClient) -> None:
    answer = client.post(CHECKS, json=feature(geometry={"type": "Point", "coordinates": [13.4, 52.5]})).json()
    assert (answer["verdict"], answer["town"], answer["fee"]) == ("blocked", None, None)
    assert numbers(answer) == [("K24", "block")]


def test_the_catalogue_tells_every_rule_with_its_values(client: TestClient) -> None:
    answer = client.get("/api/v1/rules", params={"town": "bensheim"}).json()
    assert answer["town"] == "06431002"
    by_name = {rule["rule"]: rule for rule in answer["rules"]}
    assert set(by_name) == {rule.name for rule in rulebook().rules}
    assert {"K01", "K07", "K17", "K19", "K24", "K26"} <= {rule["number"] for rule in answer["rules"]}
    assert by_name["school_way"]["parameters"][0]["unit"] == "hours"
    assert by_name["close_neighbour"]["unverified"] is True
    assert by_name["area_overlap"]["parameters"][0]["value"] == 0.25
    assert client.get("/api/v1/rules", params={"town": "nowhere"}).status_code == 404
