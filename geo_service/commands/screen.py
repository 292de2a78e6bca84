"""`geo-service screen`: all conflicts among everything stored, as a table, GeoJSON, CSV or JSON."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from itertools import count
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
)
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo_service.commands.screen_table import print_screening
from geo_service.conflicts.screen import screen
from geo_service.conflicts.screen_files import ENDINGS, screened_document, write_screening
from geo_service.conflicts.screen_pairs import NoSuchRule, Screened, Watched, rule_names
from geo_service.conflicts.screen_scope import Scope
from geo_service.db.database import speak_as
from geo_service.db.open_database import opened_database
from geo_service.errors import BadInterval
from geo_service.interval import Interval, midnight
from geo_service.settings import Settings
from geo_service.towns.town import get_town
from geo_service.web.language import Language

SHOWN = 50  # on the terminal and with --json, as in every answer of a check; --out has all
_LONGEST_STATEMENT_MS = 600_000
_PHASES = {"pairs": "Comparing", "each": "Judging each by itself"}
_FIRST_DAY = date(1900, 1, 1)


class Severity(StrEnum):
    """How bad a finding is, as the option takes it."""

    block = "block"
    warn = "warn"
    info = "info"
    chance = "chance"
    undetermined = "undetermined"


_DAY = ["%Y-%m-%d"]


@dataclass
class Tally:
    """What passes by: how many of what, and the worst of them."""

    severities: Counter[str] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)
    worst: list[tuple[int, int, Screened]] = field(default_factory=list)

    def watch(self, found: Iterable[Screened]) -> Iterator[Screened]:
        """Passes everything on."""
        for number, one in zip(count(), found):
            self.severities[one.finding.severity] += 1
            self.rules[one.finding.number] += 1
            entry = (-one.finding.weight, -number, one)
            if len(self.worst) < SHOWN:
                heapq.heappush(self.worst, entry)
            else:
                heapq.heappushpop(self.worst, entry)
            yield one

    @property
    def total(self) -> int:
        """How many findings."""
        return self.severities.total()

    def shown(self) -> list[Screened]:
        """The worst first."""
        return [one for _, _, one in sorted(self.worst, key=lambda entry: entry[:2], reverse=True)]


def register(app: typer.Typer) -> None:
    """Add the command `screen`."""
    app.command("screen")(screen_command)


def screen_command(  # noqa: PLR0913, PLR0917 - one per option
    town: Annotated[str | None, typer.Option(help="Only where this town has a part (AGS or slug)")] = None,
    street: Annotated[str | None, typer.Option(help="Only what stands in streets of this name")] = None,
    first: Annotated[datetime | None, typer.Option("--from", formats=_DAY, help="First day")] = None,
    until: Annotated[
        datetime | None, typer.Option("--until", formats=_DAY, help="Last day, included")
    ] = None,
    severity: Annotated[list[Severity] | None, typer.Option(help="Only this; may be repeated")] = None,
    rule: Annotated[list[str] | None, typer.Option(help="Number or name of a rule; may be repeated")] = None,
    out: Annotated[Path | None, typer.Option(help="Write all findings: .geojson or .csv")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Numbers and the 50 worst as JSON")] = False,
    lang: Annotated[Language, typer.Option(help="Language of the findings")] = "de",
) -> None:
    """Find all conflicts among everything stored; nothing is changed."""
    if out is not None and out.suffix.lower() not in ENDINGS:
        raise typer.BadParameter(f"{out}: the ending is one of {', '.join(ENDINGS)}.", param_hint="--out")
    chosen = Scope(
        street=street,
        period=_period(first, until),
        severities=frozenset(severity) if severity else None,
        rules=_rules(rule),
    )
    tally = Tally()
    with _opened_session() as session, _progress() as watched:
        scope = chosen if town is None else chosen.of_town(get_town(session, town).ags)
        found = tally.watch(screen(session, scope, as_of=datetime.now(UTC), watched=watched))
        if out is None:
            for _ in found:
                pass
        else:
            write_screening(out, (screened_document(one) for one in found), lang)
    if as_json:
        typer.echo(orjson.dumps(_document(tally), option=orjson.OPT_INDENT_2).decode())
    else:
        print_screening(tally.shown(), tally.severities, lang)
        if out is not None:
            Console(stderr=True).print(f"{out}: {tally.total:,}", highlight=False, markup=False)


def _document(tally: Tally) -> dict[str, Any]:
    return {
        "findings_total": tally.total,
        "severities": dict(sorted(tally.severities.items())),
        "rules": dict(sorted(tally.rules.items())),
        "findings": [screened_document(one) for one in tally.shown()],
    }


def _period(first: datetime | None, until: datetime | None) -> Interval | None:
    if first is None and until is None:
        return None
    start = _FIRST_DAY if first is None else first.date()
    if until is None:
        return Interval(midnight(start))
    try:
        return Interval.of_days(start, until.date())
    except BadInterval as error:
        raise typer.BadParameter(error.detail, param_hint="--until") from error


def _rules(given: list[str] | None) -> frozenset[str] | None:
    if not given:
        return None
    try:
        return frozenset().union(*(rule_names(one) for one in given))
    except NoSuchRule as error:
        raise typer.BadParameter(error.detail, param_hint="--rule") from error


@contextmanager
def _opened_session() -> Iterator[Session]:
    """One picture of one moment, read only."""
    with opened_database(Settings()) as database:
        engine = database.app_engine(pool_size=1)
        try:
            with Session(engine) as session:
                session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
                session.execute(text("SET TRANSACTION READ ONLY"))
                session.execute(text(f"SET LOCAL statement_timeout = {_LONGEST_STATEMENT_MS}"))
                speak_as(session, actor="operator")
                yield session
        finally:
            engine.dispose()


@contextmanager
def _progress() -> Iterator[Watched]:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        task = bars.add_task("Starting", total=None)

        def show(phase: str, done: int, total: int) -> None:
            bars.update(task, description=_PHASES[phase], completed=done, total=total or None)

        yield show
