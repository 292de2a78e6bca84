"""`geo-service serve`; what only some servers need is loaded where it is needed."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib import import_module
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Annotated, Any

import typer
import uvicorn
from uvicorn.config import STARTUP_FAILURE

from geo_service.app import build_app
from geo_service.db.keep_running import kept_running
from geo_service.db.open_database import locate_database, only_server, opened_database
from geo_service.errors import SetupError
from geo_service.identity.provider import find_provider
from geo_service.identity.sign_in import refuse_public_demo
from geo_service.logs import configure_logs
from geo_service.messages.mail_server import mail_server
from geo_service.settings import Settings

_STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_GRACE_S = 8
_PR_SET_PDEATHSIG = 1
_PARENT = "GEO_SERVICE_PARENT_PROCESS"


class _Stopped(BaseException):
    """Somebody asked us to stop; no `except Exception` on the way may swallow it."""


def make_app() -> Any:
    """The application from the environment: what every server process runs."""
    settings = Settings()
    configure_logs()
    if settings.workers > 1:
        _die_with_parent()
    return build_app(settings, locate_database(settings))


def serve(
    host: Annotated[
        str | None, typer.Option(help="Address to serve on; default GEO_SERVICE_HOST or 127.0.0.1")
    ] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port; default GEO_SERVICE_PORT or 8000")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, max=64, help="Server processes; default GEO_SERVICE_WORKERS or 1")
    ] = None,
    worker: Annotated[
        bool, typer.Option(help="Work off background jobs too; else run `geo-service worker` beside it")
    ] = True,
) -> None:
    """Serve the pages and interfaces until Ctrl-C or SIGTERM."""
    given = {"host": host, "port": port, "workers": workers}
    settings = Settings().model_copy(
        update={name: value for name, value in given.items() if value is not None}
    )
    refuse_public_demo(settings)
    server = mail_server(settings)
    find_provider(settings)  # says what is wrong before anything is started
    with ExitStack() as stack:
        stack.enter_context(_stop_signals())
        try:
            listener = stack.enter_context(_listen(settings))
            stack.enter_context(only_server(settings))
            database = stack.enter_context(opened_database(settings))
            stack.enter_context(kept_running(settings))
            if settings.demo:
                import_module("geo_service.commands.demo").fill(database, typer.echo)
            if worker:
                beside = import_module("geo_service.worker.run").worker_beside
                stack.enter_context(beside(database, settings, server=server))
            _announce(settings, listener)
            completed = _run(settings, listener)
        except _Stopped:
            completed = True
    if not completed:
        raise SetupError("The server did not start; see the lines above.")


def _run(settings: Settings, listener: socket.socket) -> bool:
    for name in ("host", "port", "workers"):  # the server processes read them again
        os.environ[f"GEO_SERVICE_{name.upper()}"] = str(getattr(settings, name))
    config = uvicorn.Config(
        "geo_service.commands.serve:make_app",
        factory=True,
        workers=settings.workers,
        proxy_headers=False,  # web/limits.py and ogc/addresses.py decide, from the real peer
        server_header=False,
        access_log=False,
        ws="none",
        log_level="warning",
        timeout_graceful_shutdown=_GRACE_S,
    )
    if settings.workers > 1:
        return _run_several(config, listener)
    server = uvicorn.Server(config)
    server.run(sockets=[listener])
    return server.started


def _run_several(config: uvicorn.Config, listener: socket.socket) -> bool:
    with TemporaryDirectory(prefix="geo_service-metrics-") as counts:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = counts
        os.environ[_PARENT] = str(os.getpid())
        supervisor = import_module("uvicorn.supervisors").Multiprocess(config, sockets=[listener])
        # uvicorn would take a closed terminal as the wish to restart.
        signal.signal(signal.SIGHUP, lambda *_: supervisor.signal_queue.append(signal.SIGTERM))
        supervisor.run()
        return all(process.exitcode != STARTUP_FAILURE for process in supervisor.processes)


def _die_with_parent() -> None:
    """End this server process when the one that started it is killed; else it would keep the port."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != int(os.environ[_PARENT]):  # killed before we came to say so
        sys.exit(1)


@contextmanager
def _listen(settings: Settings) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((settings.host, settings.port))
            listener.listen(2048)
        except OSError as error:
            raise SetupError(
                f"Cannot serve on {settings.host}:{settings.port} ({error.strerror}); "
                "choose another with --port or GEO_SERVICE_PORT."
            ) from error
        listener.set_inheritable(True)
        yield listener


def _announce(settings: Settings, listener: socket.socket) -> None:
    host, port = listener.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    base = f"http://{shown}:{port}"
    typer.echo(f"Digitaler Straßenraum: {base}/")
    typer.echo(f"  towns       {base}/towns/bensheim/   {base}/towns/viernheim/")
    typer.echo(f"  rules       {base}/rules")
    typer.echo(f"  interfaces  {base}/ogc   {base}/api/v1/openapi.json")
    if settings.demo:
        typer.echo("Demo: invented streets and cases, anybody here may sign in as a clerk, no rate limits.")
    typer.echo("Ctrl-C stops the server and its database.")


@contextmanager
def _stop_signals() -> Iterator[None]:
    """Turn the stopping signals into one exception; while leaving, further ones are ignored."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        for each in _STOPPING:
            signal.signal(each, signal.SIG_IGN)
        raise _Stopped

    for each in _STOPPING:
        signal.signal(each, stop)
    # uvicorn listens to SIGTERM and SIGINT only: a closed terminal is passed on as one of them.
    signal.signal(signal.SIGHUP, lambda *_: signal.raise_signal(signal.SIGTERM))
    yield


def register(app: typer.Typer) -> None:
    """Add `serve` to the command line."""
    app.command("serve")(serve)
