"""`geo-service check FILE.geojson`: the conflict check on the terminal; the findings in German or English."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import orjson
import shapely
import typer
from babel.dates import format_date
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from sqlalchemy.orm import Session

from geo_service.conflicts.alternatives import Alternatives
from geo_service.conflicts.finding import finding_document
from geo_service.conflicts.words import code_labels, quantity
from geo_service.db.open_database import opened_database
from geo_service.errors import FieldFault, Invalid, Malformed
from geo_service.identity.caller import PUBLIC
from geo_service.interval import TOWN_ZONE
from geo_service.permits.assess_request import (
    Assessment,
    assess_request,
    assess_together,
    with_alternatives,
)
from geo_service.permits.offer_detour import offer_for_assessment
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
        "source": "Grundlage",
        "needed": "Solange das offen ist, kann die Erlaubnis nicht erteilt werden.",
        "detour": "Vorschlag für eine Umleitung: {length}. Die Sachbearbeitung kann ihn übernehmen.",
        "no_street": "Hier ist keine Straße erfasst: Breiten, Rettungswege und Netz sind nicht geprüft.",
        "alternatives": "Stattdessen möglich",
        "time": "frei vom {first} bis {last}",
        "place": "{shift} weiter in derselben Straße frei (Mitte {lon:.6f}, {lat:.6f})",
        "neither": "Kein anderer Zeitraum und keine andere Stelle gefunden.",
        "incomplete": "Die Suche wurde aus Zeitgründen abgebrochen.",
        "more": "Gezeigt sind die {shown} schwersten von {total} Befunden.",
    },
    "en": {
        "use": "Use",
        "number": "No.",
        "severity": "Severity",
        "finding": "Finding",
        "source": "Source",
        "needed": "While this is open the permit cannot be granted.",
        "detour": "Suggested detour: {length}. The desk can take it over.",
        "no_street": "No street is recorded here: widths, rescue ways and the network are not checked.",
        "alternatives": "Possible instead",
        "time": "free from {first} to {last}",
        "place": "free {shift} further along the same street (centre {lon:.6f}, {lat:.6f})",
        "neither": "No other period and no other place was found.",
        "incomplete": "The search ended before it was complete, for lack of time.",
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
    asked_on: Annotated[
        datetime | None,
        typer.Option("--as-of", formats=["%Y-%m-%d"], help="Day on which it is asked; today"),
    ] = None,
) -> None:
    """Check a use for conflicts; nothing is stored.

    A single use with the property `alternatives` is told another time and place if something blocks it.
    """
    body = read_use_file(file)
    as_of = datetime.now(UTC) if asked_on is None else asked_on.replace(tzinfo=TOWN_ZONE)
    with opened_database(Settings()) as database, Session(database.app_engine()) as session:
        if isinstance(body, UseFeature):
            use = body.to_request()
            assessment = assess_request(session, use, as_of=as_of)
            assessments = [with_alternatives(session, use, assessment, as_of=as_of)]
        else:
            assessments = assess_together(session, body.to_requests(), names=body.names(), as_of=as_of)
        offers = [offer_for_assessment(session, each, assessments, as_of=as_of) for each in assessments]
    if as_json:
        pairs = zip(assessments, offers, strict=True)
        documents = [assessment_document(assessment, PUBLIC, offer) for assessment, offer in pairs]
        answer = documents[0] if isinstance(body, UseFeature) else {"checks": documents}
        typer.echo(orjson.dumps(answer, option=orjson.OPT_INDENT_2).decode())
        return
    console = Console()
    for number, (assessment, offer) in enumerate(zip(assessments, offers, strict=True), start=1):
        title = file.name
        if len(assessments) > 1:
            title = f"{_WORDS[lang]['use']} {number}"
        _print(console, assessment, title, lang)
        if offer is not None:
            words = _WORDS[lang]["detour"]
            length = quantity(round(offer.length_m), "m", lang)
            console.print(words.format(length=length), highlight=False)


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
        needed = words["needed"] if finding.needed_for_grant else ""
        sentences = document["explanation"][lang], document["advice"][lang], needed
        table.add_row(
            finding.number,
            f"[{_COLOUR[finding.severity]}]{severity}[/]",
            escape("\n".join(filter(None, sentences))),
            escape(finding.legal_source),
        )
    if assessment.check.findings:
        console.print(table)
    if not assessment.location.streets:
        console.print(words["no_street"], highlight=False)
    shown = len(assessment.check.findings)
    if assessment.check.findings_total > shown:
        console.print(words["more"].format(shown=shown, total=assessment.check.findings_total))
    if assessment.alternatives is not None:
        _print_alternatives(console, assessment.alternatives, lang)


def _print_alternatives(console: Console, found: Alternatives, lang: Language) -> None:
    words, lines = _WORDS[lang], []
    if found.time is not None:
        first, last = found.time.period.first_day(), found.time.period.last_day()
        days = {"first": format_date(first, "long", lang), "last": format_date(last, "long", lang)}
        lines.append(words["time"].format(**days))
    if found.place is not None:
        centre = shapely.from_geojson(orjson.dumps(found.place.geometry)).centroid
        shift = quantity(found.place.shift_m, "m", lang)
        lines.append(words["place"].format(shift=shift, lon=centre.x, lat=centre.y))
    if not lines:
        lines.append(words["neither"])
    if found.incomplete:
        lines.append(words["incomplete"])
    console.print(f"[bold]{words['alternatives']}[/bold]", highlight=False)
    for line in lines:
        console.print(f"• {line}", highlight=False)
