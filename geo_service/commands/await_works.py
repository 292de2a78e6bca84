"""How a command waits for the background jobs that it has begun."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from importlib import import_module

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from geo_service.db.database import Database, operator_session
from geo_service.jobs.work import Work, list_work

_LOOK_EVERY_S = 0.3


def await_works(database: Database, work_ids: Sequence[int], *, bars_shown: bool = True) -> None:
    """Wait until some works are over and show how far they are; where no server runs, they are done here.

    Ctrl-C leaves them to the next worker. Says so when one has failed. bars_shown False: the caller shows a
    progress of its own.
    """
    if not work_ids:
        return
    work_off = import_module("geo_service.worker.run").work_until_empty  # knows every job: long to load
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    hidden = not (bars_shown and console.is_terminal)
    with Progress(*columns, console=console, transient=True, disable=hidden) as bars:
        task = bars.add_task("Findings are made anew", total=None)
        helper = threading.Thread(target=work_off, args=(database,), daemon=True)
        helper.start()
        pause = threading.Event()
        while True:
            works = _look(database, work_ids)
            done, total = sum(each.done for each in works), sum(each.total for each in works)
            bars.update(task, completed=done, total=total)
            if all(each.over for each in works):
                break
            if not helper.is_alive():  # another worker has it, or it was put off for a second
                helper = threading.Thread(target=work_off, args=(database,), daemon=True)
                helper.start()
            pause.wait(_LOOK_EVERY_S)
        helper.join()
    failed = sum(each.state == "failed" for each in works)
    if failed:
        typer.echo(f"{failed} of the background works failed; see the log of the service.", err=True)
    else:
        typer.echo(f"findings made anew: {total:,}", err=True)  # standard output may be JSON


def _look(database: Database, work_ids: Sequence[int]) -> list[Work]:
    engine = database.app_engine(pool_size=1)
    try:
        with operator_session(engine) as session:
            return list_work(session, work_ids)
    finally:
        engine.dispose()
