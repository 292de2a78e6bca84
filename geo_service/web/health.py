"""`/health/live`, `/health/ready`, `/metrics`: for the machines that watch the service."""

from __future__ import annotations

import os

import orjson
import psycopg
import structlog
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest, multiprocess
from psycopg_pool import PoolTimeout
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from geo_service import __version__
from geo_service.db.migrate import newest_revision
from geo_service.sql.loader import statements

log = structlog.get_logger()
_PATIENCE_S = 2.0
_UNCACHED = {"cache-control": "no-store"}


def _answer(http_status: int, **body: object) -> Response:
    return Response(orjson.dumps(body), http_status, _UNCACHED, media_type="application/json")


async def live(_: Request) -> Response:
    """200 as long as the process answers at all; says nothing about the database."""
    return _answer(200, status="live", version=__version__)


async def ready(request: Request) -> Response:
    """200 if the database answers and has the schema of this version, else 503 with the reason."""
    try:
        async with request.app.state.pool.connection(timeout=_PATIENCE_S) as connection:
            cursor = await connection.execute(statements("health")["applied_revision"])
            row = await cursor.fetchone()
    except (psycopg.Error, PoolTimeout) as error:
        log.warning("not_ready", kind=type(error).__name__)
        return _answer(503, status="not ready", database="no answer")
    applied = row[0] if row else None
    if applied != newest_revision():
        return _answer(503, status="not ready", database="run: geo-service migrate", revision=applied)
    return _answer(200, status="ready", database="ok", revision=applied, version=__version__)


async def metrics(_: Request) -> Response:
    """Counts and durations in Prometheus' text form, of all server processes together."""
    registry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return Response(generate_latest(registry), 200, _UNCACHED, media_type=CONTENT_TYPE_LATEST)


routes = [
    Route("/health/live", live),
    Route("/health/ready", ready),
    Route("/metrics", metrics),
]
