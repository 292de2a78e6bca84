"""A real server in a process of its own on a free port, for clients that speak HTTP themselves.

Not a thread: GDAL keeps Python's lock while it waits for the answer.
"""

from __future__ import annotations

import multiprocessing
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection

import uvicorn
from fastapi import FastAPI

from geo_service.app import build_app
from geo_service.db.database import Database
from geo_service.logs import configure_logs
from geo_service.settings import Settings

Build = Callable[[Settings, Database], FastAPI]


def _serve(
    database: Database, settings: Settings, log_to: str | None, port_to: Connection, build: Build
) -> None:
    if log_to is not None:
        os.dup2(os.open(log_to, os.O_WRONLY | os.O_CREAT | os.O_APPEND), 2)
    configure_logs()
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", 0))
    listener.listen(128)  # a client that comes early waits in the queue
    port_to.send(listener.getsockname()[1])
    app = build(settings, database)
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, proxy_headers=False, server_header=False
    )
    uvicorn.Server(config).run(sockets=[listener])


@contextmanager
def serving(
    database: Database,
    settings: Settings | None = None,
    *,
    log_to: str | None = None,
    build: Build = build_app,
) -> Iterator[str]:
    """Address of the running service; the system chooses the port. log_to: file for its log, else our own.

    build: makes the application, for a benchmark that adds an endpoint of its own.
    """
    context = multiprocessing.get_context("spawn")
    port_from, port_to = context.Pipe(duplex=False)
    process = context.Process(
        target=_serve, args=(database, settings or Settings(), log_to, port_to, build), daemon=True
    )
    process.start()
    try:
        assert port_from.poll(60), "the server did not start"
        yield f"http://127.0.0.1:{port_from.recv()}"
    finally:
        process.terminate()
        process.join(timeout=20)
        if process.is_alive():
            process.kill()
