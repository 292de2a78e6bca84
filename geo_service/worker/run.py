"""Runs the queue: beside a server in a thread of its own, alone, or just until it is empty."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import threading
from collections.abc import Iterator
from dataclasses import replace

import structlog
from procrastinate import App
from sqlalchemy import Engine

from geo_service.db.database import Database
from geo_service.jobs.queue import MAIL, WORK
from geo_service.messages.mail_server import MailServer, mail_server
from geo_service.settings import Settings
from geo_service.worker.tasks import (
    build_worker_app,
    look_at_clock,
    look_for_outdated,
    look_for_strays,
    rescue_stalled,
)

JOB_TIMEOUT_MS = 120_000  # a part of a job's work is far shorter; a page must not wait so long, a job may
_AGAIN_AFTER_S = 5.0
_GRACE_S = 0.5
_log = structlog.get_logger()


@contextlib.contextmanager
def _engine(database: Database) -> Iterator[Engine]:
    made = replace(database, statement_timeout_ms=JOB_TIMEOUT_MS).app_engine(pool_size=2)
    try:
        yield made
    finally:
        made.dispose()


async def _work(
    database: Database, settings: Settings, server: MailServer | None, stopping: asyncio.Event
) -> None:
    """Work until told to stop; a job that is running then stops at the end of its part and is kept."""
    told = asyncio.create_task(stopping.wait())
    with _engine(database) as engine:
        while not told.done():
            app = build_worker_app(database, engine, settings, server)
            working = asyncio.create_task(_work_and_care(app, settings, engine))
            await asyncio.wait({working, told}, return_when=asyncio.FIRST_COMPLETED)
            working.cancel()
            (result,) = await asyncio.gather(working, return_exceptions=True)
            if isinstance(result, Exception):  # the database is away, or restarts
                _log.warning("worker interrupted", kind=type(result).__name__, exc_info=result)
            await asyncio.wait({told}, timeout=_AGAIN_AFTER_S)


async def _work_and_care(app: App, settings: Settings, engine: Engine) -> None:
    async with app.open_async():
        tasks = [asyncio.create_task(_work_off(app, queue)) for queue in (WORK, MAIL)]
        tasks.append(asyncio.create_task(_care(app, settings, engine)))
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
    for result in results:
        if isinstance(result, Exception):
            raise result


async def _work_off(app: App, queue: str) -> None:
    await app.run_worker_async(
        queues=[queue], install_signal_handlers=False, shutdown_graceful_timeout=_GRACE_S
    )


async def _care(app: App, settings: Settings, engine: Engine) -> None:
    """What is to be looked after as time passes: killed workers' jobs, values that come into force."""
    await look_at_clock(app)
    for minute in itertools.count():
        await rescue_stalled(app)
        if minute % 60 == 0:
            await asyncio.to_thread(look_for_outdated, engine)
            await asyncio.to_thread(look_for_strays, settings, engine)
        await asyncio.sleep(60)


def work_until_empty(
    database: Database,
    settings: Settings | None = None,
    *,
    queue: str = WORK,
    server: MailServer | None = None,
) -> None:
    """Do what waits in a queue and return; jobs that another worker has begun are left to it.

    settings: of the service, from the environment where none are given; server: where messages go, by default
    the one of the settings.
    """
    known = settings or Settings()

    async def once() -> None:
        with _engine(database) as engine:
            app = build_worker_app(database, engine, known, server or mail_server(known))
            async with app.open_async():
                await app.run_worker_async(
                    queues=[queue], wait=False, install_signal_handlers=False, listen_notify=False
                )

    asyncio.run(once())


@contextlib.contextmanager
def worker_beside(
    database: Database, settings: Settings | None = None, *, server: MailServer | None = None
) -> Iterator[None]:
    """A worker in a thread of its own for as long as the block lasts; leaving waits until it has stopped.

    settings, server: as for work_until_empty.
    """
    known = settings or Settings()
    post = server or mail_server(known)
    loop = asyncio.new_event_loop()
    stopping = asyncio.Event()

    def run() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(_work(database, known, post, stopping))
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()

    thread = threading.Thread(target=run, name="worker", daemon=True)
    thread.start()
    try:
        yield
    finally:
        with contextlib.suppress(RuntimeError):  # it has ended by itself
            loop.call_soon_threadsafe(stopping.set)
        thread.join()
