"""`geo-service worker`: the background jobs alone."""

from __future__ import annotations

import signal
import threading
from types import FrameType

import typer

from geo_service.db.keep_running import kept_running
from geo_service.db.open_database import opened_database
from geo_service.logs import configure_logs
from geo_service.messages.mail_server import mail_server
from geo_service.settings import Settings
from geo_service.worker.run import worker_beside


def worker() -> None:
    """Work off background jobs until Ctrl-C or SIGTERM; a service started with --no-worker needs it."""
    configure_logs()
    told = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        told.set()

    for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(each, stop)
    settings = Settings()
    server = mail_server(settings)
    with (
        opened_database(settings) as database,
        kept_running(settings),
        worker_beside(database, settings, server=server),
    ):
        typer.echo("Background jobs are worked off; Ctrl-C stops it.")
        told.wait()


def register(app: typer.Typer) -> None:
    """Add `worker` to the command line."""
    app.command("worker")(worker)
