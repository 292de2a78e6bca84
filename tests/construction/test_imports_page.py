"""The desk sees what was refused and why; others do not."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from starlette.testclient import TestClient

from geo_service.app import build_app
from geo_service.construction.feed import read_feed
from geo_service.construction.feed_profile import read_profile
from geo_service.construction.import_sites import store_feed
from geo_service.db.database import Database, operator_session, owner_session
from geo_service.identity.api_keys import create_api_key
from geo_service.settings import Settings
from tests.construction.conftest import PLAIN, site, square


def test_the_desk_reads_what_was_refused_and_why(town_database: Database, tmp_path: Path) -> None:
    profile, feed = tmp_path / "p.yaml", tmp_path / "feed.geojson"
    profile.write_text(PLAIN, encoding="utf-8")
    features = [site("<b>1</b>", von="<script>"), site("a"), site("b"), site("c", square(8.5, 49.0))]
    feed.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    engine = town_database.app_engine(pool_size=1)
    with operator_session(engine) as session:
        store_feed(session, read_feed(feed, read_profile(profile)), as_of=datetime(2026, 7, 1, tzinfo=UTC))
    engine.dispose()
    with owner_session(town_database) as owner:
        key = create_api_key(owner, role="clerk", town="06431002", name="Desk")
    with TestClient(build_app(Settings(), town_database), base_url="http://127.0.0.1") as client:
        assert client.get("/towns/bensheim/desk/imports").status_code == 401
        clerk = {"Authorization": f"Bearer {key}"}
        assert client.get("/towns/viernheim/desk/imports", headers=clerk).status_code == 403
        answer = client.get("/towns/bensheim/desk/imports", headers=clerk)
    assert answer.status_code == 200
    assert "&lt;b&gt;1&lt;/b&gt;" in answer.text
    assert "<script>&#39;" not in answer.text and "<b>1</b>" not in answer.text
    assert "is not a date" in answer.text
    assert "Nur geplant übernommen" in answer.text
    assert "Stadt Test (dl-de/by-2-0)" in answer.text
