"""The jobs that a worker knows: each is a short function that hands over to a use case.

To add one: a name in jobs/queue.py, a function here, and `defer` where it becomes necessary.
"""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from uuid import UUID

import psycopg
from procrastinate import App, JobContext, PsycopgConnector, RetryStrategy
from procrastinate.exceptions import AlreadyEnqueued, JobAborted, UniqueViolation
from procrastinate.jobs import Status
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from geo_service.conflicts.recompute_due import recompute_outdated, work_off
from geo_service.db.database import Database, operator_session, speak_as
from geo_service.documents.file_store import file_store
from geo_service.documents.notice import make_notice
from geo_service.documents.sweep import sweep_file, sweep_files
from geo_service.errors import Unavailable
from geo_service.interval import TOWN_ZONE
from geo_service.jobs.queue import (
    FOLLOW_CLOCK,
    FORGET_PEOPLE,
    MAIL,
    MAKE_NOTICE,
    RECOMPUTE_FINDINGS,
    SEND_MESSAGE,
    SWEEP_FILES,
)
from geo_service.jobs.work import finish_work
from geo_service.messages.mail_server import MailServer
from geo_service.messages.send import note_broken, send_message
from geo_service.permits.follow_clock import follow_clock
from geo_service.permits.remind import remind
from geo_service.permits.retention import forget_people
from geo_service.settings import Settings

# A stopped worker and a database that is away are no failures: the job goes on when both are back.
_GO_ON = RetryStrategy(wait=1, retry_exceptions=[JobAborted, OperationalError, psycopg.OperationalError])
_WHEN_THE_DISK_IS_BACK = RetryStrategy(
    wait=30, retry_exceptions=[Unavailable, JobAborted, OperationalError, psycopg.OperationalError]
)
_STALLED_AFTER_S = 30.0
# Days begin at midnight in the town, which is another hour of UTC in summer: look all the time.
_CLOCK_CRON = "*/5 * * * *"
_NIGHTLY_CRON = "10 1 * * *"


def build_worker_app(
    database: Database, engine: Engine, settings: Settings, server: MailServer | None
) -> App:
    """The queue with every job of this service. engine: for the jobs, as the application's role.

    settings: where files are kept, the address in papers; server: where messages go, None where none is
    configured.
    """
    # timeout: a worker that is stopped with the database away waits for one more connection, by default 30 s.
    app = App(connector=PsycopgConnector(conninfo=database.app_conninfo(), min_size=1, max_size=4, timeout=5))

    @app.task(name=RECOMPUTE_FINDINGS, pass_context=True, retry=_GO_ON)
    def recompute_findings(context: JobContext, *, work_id: int) -> None:
        try:
            finished = work_off(
                engine, work_id, now=lambda: datetime.now(UTC), should_stop=context.should_abort
            )
        except (OperationalError, psycopg.OperationalError):
            raise
        except Exception:
            with operator_session(engine) as session:
                finish_work(session, work_id, "failed")
            raise
        if not finished:
            raise JobAborted

    @app.periodic(cron=_CLOCK_CRON)
    @app.task(
        name=FOLLOW_CLOCK, queueing_lock=FOLLOW_CLOCK, lock=FOLLOW_CLOCK, pass_context=True, retry=_GO_ON
    )
    def move_by_clock(context: JobContext, timestamp: int) -> None:
        follow_clock(engine, now=lambda: datetime.now(UTC), should_stop=context.should_abort)
        remind(engine, now=lambda: datetime.now(UTC), should_stop=context.should_abort)

    @app.periodic(cron=_NIGHTLY_CRON)
    @app.task(
        name=FORGET_PEOPLE, queueing_lock=FORGET_PEOPLE, lock=FORGET_PEOPLE, pass_context=True, retry=_GO_ON
    )
    def forget(context: JobContext, timestamp: int) -> None:
        forget_people(engine, now=lambda: datetime.now(UTC), should_stop=context.should_abort)

    _know_papers(app, engine, settings)
    _know_messages(app, engine, server)
    return app


def _know_papers(app: App, engine: Engine, settings: Settings) -> None:
    @app.task(name=MAKE_NOTICE, retry=_WHEN_THE_DISK_IS_BACK)
    def draw_kept_notice(*, notice: str, town: str) -> None:
        with Session(engine) as session, session.begin():
            speak_as(session, actor="system", town=town)
            address, now = settings.address(), datetime.now(UTC)
            make_notice(session, file_store(settings), UUID(notice), address=address, now=now)

    @app.task(name=SWEEP_FILES, retry=_GO_ON)
    def sweep_one(*, file: str) -> None:
        with operator_session(engine) as session:
            sweep_file(session, file_store(settings), UUID(file))


def look_for_strays(settings: Settings, engine: Engine) -> int:
    """Files that a killed server left behind; returns how many were removed."""
    with operator_session(engine) as session:
        return sweep_files(session, file_store(settings))


def _know_messages(app: App, engine: Engine, server: MailServer | None) -> None:
    @app.task(name=SEND_MESSAGE, queue=MAIL, pass_context=True, retry=_GO_ON)
    def send(context: JobContext, *, message_id: str, town: str) -> None:
        try:
            send_message(
                engine, UUID(message_id), town, server,
                now=lambda: datetime.now(UTC), should_stop=context.should_abort,
            )  # fmt: skip
        except (OperationalError, psycopg.OperationalError):
            raise
        except Exception:
            note_broken(engine, UUID(message_id), town)
            raise


async def look_at_clock(app: App) -> None:
    """Have what became due while no worker ran moved now, not at the next time of the periodic job."""
    with contextlib.suppress(AlreadyEnqueued):
        await app.configure_task(FOLLOW_CLOCK).defer_async(timestamp=int(datetime.now(UTC).timestamp()))


def look_for_outdated(engine: Engine) -> list[int]:
    """Rules and values that came into force since the findings were made; returns the works begun."""
    with operator_session(engine) as session:
        return recompute_outdated(session, day=datetime.now(TOWN_ZONE).date())


async def rescue_stalled(app: App) -> None:
    """Put the jobs of killed workers back into the queue, and forget those that ended a week ago."""
    for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=_STALLED_AFTER_S):
        try:
            await app.job_manager.retry_job(job)
        except UniqueViolation:
            # The same was asked for again meanwhile, and that one cannot begin before this one has ended.
            await app.job_manager.finish_job(job, Status.ABORTED, delete_job=False)
    await app.job_manager.delete_old_jobs(
        nb_hours=7 * 24, include_failed=True, include_cancelled=True, include_aborted=True
    )
