"""The service with one endpoint more: K01 and nothing else, asked as plainly as it can be. For the benchmark only."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import orjson
import psycopg
import shapely
from fastapi import Body, FastAPI, Request, Response

from geo_service.app import build_app
from geo_service.crs import to_town
from geo_service.db.database import Database
from geo_service.settings import Settings

PATH = "/bench/overlaps"
OVERLAPS = """
SELECT occupation_id, reference, ST_Area(ST_Intersection(area, $1::geometry)) AS shared_m2
FROM occupation
WHERE counts AND area && $1::geometry AND period && $2::tstzrange AND collection <> 'events'
    AND ST_Area(ST_Intersection(area, $1::geometry)) >= 0.25"""


def build_with_bare_check(settings: Settings, database: Database) -> FastAPI:
    """The application of the service, and beside it the endpoint that its check is compared with."""
    app = build_app(settings, database)

    @app.post(PATH)
    def post_overlaps(body: Annotated[dict[str, Any], Body()], request: Request) -> Response:
        area = to_town(shapely.from_geojson(orjson.dumps(body["geometry"])))
        first, last = (date.fromisoformat(body["properties"][key]) for key in ("from", "until"))
        period = f"[{_midnight(first).isoformat()},{_midnight(last + timedelta(days=1)).isoformat()})"
        with request.app.state.reading_sessions.session() as session:
            connection = session.connection().connection.driver_connection
            assert isinstance(connection, psycopg.Connection)
            with psycopg.RawCursor(connection) as cursor:
                wkb = shapely.to_wkb(shapely.set_srid(area, 25832), hex=True, include_srid=True)
                rows = cursor.execute(OVERLAPS.encode(), [wkb, period], prepare=True).fetchall()
        found = [{"id": row[0], "reference": row[1], "shared_m2": row[2]} for row in rows]
        return Response(orjson.dumps({"overlaps": found}), media_type="application/json")

    app.router.routes.insert(0, app.router.routes.pop())  # found as soon as the check is

    return app


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo("Europe/Berlin"))
