"""Puts the rooms together into one web application; one of the two places that see everything."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from sqlalchemy.orm import Session

from geo_service import __version__
from geo_service.conflicts.verify import verify_rules
from geo_service.db.database import Database
from geo_service.db.reading_sessions import ReadingSessions
from geo_service.documents.file_store import file_store
from geo_service.identity.provider import find_provider
from geo_service.identity.sign_in import refuse_public_demo
from geo_service.mapview.assets import STATIC
from geo_service.ogc.memory.kept_places import KeptPlaces
from geo_service.ogc.memory.packed_features import PackedFeatures
from geo_service.ogc.memory.packed_lines import KeptLines
from geo_service.ogc.routes import routes as ogc_routes
from geo_service.ogc.routes import write_refusals as ogc_write_refusals
from geo_service.settings import Settings
from geo_service.web.api_changes import router as changes_router
from geo_service.web.api_checks import router as checks_router
from geo_service.web.api_consultations import router as consultations_router
from geo_service.web.api_description import install_api_description
from geo_service.web.api_documents import router as documents_router
from geo_service.web.api_fees import router as fees_router
from geo_service.web.api_findings import router as findings_router
from geo_service.web.api_messages import router as messages_router
from geo_service.web.api_my_data import router as my_data_router
from geo_service.web.api_object_messages import router as object_messages_router
from geo_service.web.api_objects import router as objects_router
from geo_service.web.api_permits import router as permits_router
from geo_service.web.api_rules import router as rules_router
from geo_service.web.error_pages import install_error_pages
from geo_service.web.health import routes as health_routes
from geo_service.web.limits import BodyLimit, Rates
from geo_service.web.ogc_writes import router as ogc_writes_router
from geo_service.web.ogc_writes import site_receivables
from geo_service.web.pages import router as pages_router
from geo_service.web.pages_apply import router as apply_router
from geo_service.web.pages_case import router as case_router
from geo_service.web.pages_desk import router as desk_router
from geo_service.web.pages_documents import router as documents_page_router
from geo_service.web.pages_rules import router as rules_page_router
from geo_service.web.problems import install_problem_answers
from geo_service.web.request_log import RequestLog
from geo_service.web.security_headers import SecurityHeaders
from geo_service.web.sign_in import router as sign_in_router
from geo_service.web.sign_in_provider import router as provider_router
from geo_service.web.streets_tile import routes as street_tile_routes


def build_app(settings: Settings, database: Database) -> FastAPI:
    """The application on one database.

    `app.state`: settings, database, engine, reading_sessions (without transactions), pool (async), files.
    """
    refuse_public_demo(settings)
    engine = database.app_engine()
    reading = database.reading_engine()
    pool = database.async_pool()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        with Session(engine) as session:
            verify_rules(session)
        await pool.open()
        # What lives as long as the process (rules, plans, modules) need not be looked through each time.
        gc.collect()
        gc.freeze()
        # A page is a thousand tuples; to collect garbage at each of them is a twentieth of its time.
        gc.set_threshold(20_000, 20, 20)
        yield
        for held in (app.state.kept_places, app.state.packed_features, app.state.kept_lines):
            await held.beside.close()
        await pool.close()
        engine.dispose()
        app.state.reading_sessions.close()
        reading.dispose()

    app = FastAPI(
        title="Digitaler Straßenraum",
        version=__version__,
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        # web/request_log.py counts and measures; to ask each time for three providers takes 1 % of a check.
        telemetry={"tracing": False, "metrics": False, "logs": False},
        lifespan=lifespan,
    )
    app.state.settings = settings
    app.state.database = database
    app.state.engine = engine
    app.state.reading_sessions = ReadingSessions(reading)
    app.state.pool = pool
    app.state.kept_places = KeptPlaces(pool)
    app.state.packed_features = PackedFeatures(pool)
    app.state.kept_lines = KeptLines(pool)
    app.state.rates = Rates(settings)
    app.state.files = file_store(settings)
    app.state.provider = find_provider(settings)
    app.state.receivables = {"construction_sites": site_receivables()}
    install_problem_answers(app)
    install_error_pages(app)
    install_api_description(app, settings)
    app.add_middleware(BodyLimit)
    app.add_middleware(SecurityHeaders)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    _include_rooms(app)
    app.add_middleware(RequestLog)
    return app


def _include_rooms(app: FastAPI) -> None:
    # One line per room; a router is a fastapi.APIRouter or a list of starlette routes.
    # Routes are tried in turn, and a hundred take longer than a feature or half a check: these come first.
    app.include_router(checks_router)
    app.router.routes[:0] = [app.router.routes.pop(), *ogc_routes, *street_tile_routes]
    app.include_router(sign_in_router)
    app.include_router(provider_router)
    app.include_router(rules_router)
    app.include_router(permits_router)
    app.include_router(my_data_router)
    app.include_router(consultations_router)
    app.include_router(documents_router)
    app.include_router(fees_router)
    app.include_router(messages_router)
    app.include_router(objects_router)
    app.include_router(object_messages_router)
    app.include_router(findings_router)
    app.include_router(changes_router)
    app.include_router(pages_router)
    app.include_router(apply_router)
    app.include_router(case_router)
    app.include_router(desk_router)
    app.include_router(documents_page_router)
    app.include_router(rules_page_router)
    app.include_router(ogc_writes_router)
    app.router.routes.extend(ogc_write_refusals)
    app.router.routes.extend(health_routes)
