"""`geo-service check FILE.geojson`: the conflict check on the terminal; the findings in German or English."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from sqlalchemy.orm import Session

from geo_service.conflicts.finding import finding_document
from geo_service.conflicts.words import code_labels, quantity
from geo_service.db.open_database import opened_database
from geo_service.errors import FieldFault, Invalid, Malformed
from geo_service.identity.caller import PUBLIC
from geo_service.permits.assess_request import Assessment, assess_request, assess_together
from geo_service.settings import Settings
from geo_service.web.api_checks import assessment_document
from geo_service.web.language import Language
from geo_service.web.use_request import UseFeature, UseFeatureCollection

_COLOUR = {
    "block": "bold red",
    "warn": "yellow",
    "undetermined": "magenta",
    "info": "cyan",
    "chance": "green",
}
_WORDS: Mapping[Language, Mapping[str, str]] = {
    "de": {
        "use": "Vorhaben",
        "number": "Nr.",
        "severity": "Schwere",
        "finding": "Befund",
        "source": "Rechtsquelle",
        "more": "Gezeigt sind die {shown} schwersten von {total} Befunden.",
    },
    "en": {
        "use": "Use",
        "number": "No.",
        "severity": "Severity",
        "finding": "Finding",
        "source": "Legal source",
        "more": "Shown are the {shown} most severe of {total} findings.",
    },
}
_VERDICT_COLOUR = {"blocked": "bold red", "review": "yellow", "clear": "green"}


def register(app: typer.Typer) -> None:
    """Add the command `check`."""
    app.command("check")(check)


def check(
    file: Annotated[Path, typer.Argument(help="GeoJSON: a Feature or a FeatureCollection (at most 200)")],
    as_json: Annotated[
        bool, typer.Option("--json", help="The answer of the interface instead of a table")
    ] = False,
    lang: Annotated[Language, typer.Option(help="Language of the findings")] = "de",
) -> None:
    """Check a use for conflicts; nothing is stored."""
    body = read_use_file(file)
    as_of = datetime.now(UTC)
    with opened_database(Settings()) as database, Session(database.app_engine()) as session:
        if isinstance(body, UseFeature):
            assessments = [assess_request(session, body.to_request(), as_of=as_of)]
        else:
            assessments = assess_together(session, body.to_requests(), names=body.names(), as_of=as_of)
    if as_json:
        documents = [assessment_document(assessment, PUBLIC) for assessment in assessments]
        answer = documents[0] if isinstance(body, UseFeature) else {"checks": documents}
        typer.echo(orjson.dumps(answer, option=orjson.OPT_INDENT_2).decode())
        return
    console = Console()
    for number, assessment in enumerate(assessments, start=1):
        title = file.name
        if len(assessments) > 1:
            title = f"{_WORDS[lang]['use']} {number}"
        _print(console, assessment, title, lang)


def read_use_file(file: Path) -> UseFeature | UseFeatureCollection:
    """The file as the interface would read it. Raises Malformed or Invalid with pointers."""
    try:
        document: Any = orjson.loads(file.read_bytes())
    except OSError as error:
        raise Malformed(f"{file}: {error.strerror}.") from error
    except orjson.JSONDecodeError as error:
        raise Malformed(f"{file} is not valid JSON: {error}.") from error
    kind = document.get("type") if isinstance(document, dict) else None
    if kind not in ("Feature", "FeatureCollection"):
        raise Malformed(f"{file} holds neither a GeoJSON Feature nor a FeatureCollection.")
    try:
        if kind == "Feature":
            return UseFeature.model_validate(document)
        return UseFeatureCollection.model_validate(document)
    except ValidationError as error:
        faults = [
            FieldFault("/" + "/".join(str(part) for part in fault["loc"]), fault["msg"])
            for fault in error.errors()
        ]
        raise Invalid(f"{file}: some fields are not valid.", errors=faults) from error


def _print(console: Console, assessment: Assessment, title: str, lang: Language) -> None:
    words = _WORDS[lang]
    verdict = assessment.check.verdict
    label = code_labels("verdict")[verdict][lang]
    area = quantity(assessment.area_m2, "m2", lang)
    console.print(
        f"[bold]{escape(title)}[/bold]: [{_VERDICT_COLOUR[verdict]}]{label}[/] · {area}", highlight=False
    )
    table = Table(words["number"], words["severity"], words["finding"], words["source"], show_lines=True)
    for finding in assessment.check.findings:
        document = finding_document(finding)
        severity = code_labels("severity")[finding.severity][lang]
        table.add_row(
            finding.number,
            f"[{_COLOUR[finding.severity]}]{severity}[/]",
            escape(f"{document['explanation'][lang]}\n{document['advice'][lang]}"),
            escape(finding.legal_source),
        )
    if assessment.check.findings:
        console.print(table)
    shown = len(assessment.check.findings)
    if assessment.check.findings_total > shown:
        console.print(words["more"].format(shown=shown, total=assessment.check.findings_total))
