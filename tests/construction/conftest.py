from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from geo_service.construction.feed import read_feed
from geo_service.construction.feed_profile import find_profile, read_profile
from geo_service.construction.import_report import SiteReport
from geo_service.construction.import_sites import store_feed
from geo_service.db.database import Database, speak_as

NOW = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)

PLAIN = """
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
"""


class Imports:
    """Imports into one database, in one transaction that is rolled back."""

    def __init__(self, session: Session, folder: Path) -> None:
        self.session, self.folder = session, folder

    def file(self, path: Path, profile: str, **options: Any) -> SiteReport:
        feed = read_feed(path, read_profile(find_profile(profile)))
        return store_feed(self.session, feed, **{"as_of": NOW, **options})

    def profile(self, words: str = PLAIN, name: str = "profile.yaml") -> str:
        path = self.folder / name
        path.write_text(words, encoding="utf-8")
        return str(path)

    def features(self, *features: dict[str, Any], profile: str = PLAIN, **options: Any) -> SiteReport:
        path = self.folder / "feed.geojson"
        path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
        return self.file(path, self.profile(profile), **options)

    def rows(self, query: str, **values: Any) -> list[Any]:
        return list(self.session.execute(text(query), values))

    def value(self, query: str, **values: Any) -> Any:
        return self.session.execute(text(query), values).scalar_one()


def square(lon: float, lat: float, metres: float = 20) -> dict[str, Any]:
    dx, dy = metres / 72_000, metres / 111_000
    ring = [[lon, lat], [lon + dx, lat], [lon + dx, lat + dy], [lon, lat + dy], [lon, lat]]
    return {"type": "Polygon", "coordinates": [ring]}


def site(name: str, geometry: Any = None, **properties: Any) -> dict[str, Any]:
    geometry = square(8.40, 49.01) if geometry is None else geometry
    said = {"id": name, "titel": f"Baustelle {name}", "von": "2026-08-03", "bis": "2026-08-14", **properties}
    return {"type": "Feature", "geometry": geometry, "properties": said}


@pytest.fixture
def imports(empty_database: Database, tmp_path: Path) -> Iterator[Imports]:
    engine: Engine = empty_database.app_engine(pool_size=1)
    with Session(engine) as session:
        speak_as(session, actor="operator")
        yield Imports(session, tmp_path)
        session.rollback()
    engine.dispose()
