"""The findings of a screening as a table on the terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from geo_service.as_written import day_text
from geo_service.conflicts.finding import OtherObject
from geo_service.conflicts.screen_files import screened_document
from geo_service.conflicts.screen_pairs import Screened
from geo_service.conflicts.words import code_labels
from geo_service.web.language import Language

_ORDER = ("block", "undetermined", "warn", "info", "chance")
_STYLE = {"block": "bold red", "warn": "yellow", "undetermined": "magenta", "info": "cyan", "chance": "green"}
_WORDS: Mapping[Language, Mapping[str, str]] = {
    "de": {
        "head": "Nr.|Schwere|Wer|Mit wem|Befund",
        "none": "Keine Befunde.",
        "sum": "{total} Befunde: {parts}",
        "more": "Gezeigt sind die {shown} schwersten; --out schreibt alle.",
    },
    "en": {
        "head": "No.|Severity|Who|With whom|Finding",
        "none": "No findings.",
        "sum": "{total} findings: {parts}",
        "more": "Shown are the {shown} most severe; --out writes them all.",
    },
}


def print_screening(shown: Sequence[Screened], severities: Counter[str], lang: Language) -> None:
    """The worst findings and how many there are. What people wrote is never read as markup."""
    words = _WORDS[lang]
    console = Console(highlight=False)
    if not shown:
        console.print(words["none"])
        return
    table = Table(*words["head"].split("|"), show_lines=True)
    for one in shown:
        document = screened_document(one)
        severity = code_labels("severity")[one.finding.severity][lang]
        other = one.finding.other
        table.add_row(
            one.finding.number,
            Text(severity, style=_STYLE[one.finding.severity]),
            Text(_named(one.mine, lang)),
            Text("–" if other is None else _named(other, lang)),
            Text(document["explanation"][lang]),
        )
    console.print(table)
    parts = ", ".join(
        f"{severities[code]} {code_labels('severity')[code][lang]}" for code in _ORDER if severities[code]
    )
    console.print(words["sum"].format(total=severities.total(), parts=parts))
    if severities.total() > len(shown):
        console.print(words["more"].format(shown=len(shown)))


def _named(thing: OtherObject, lang: Language) -> str:
    """How a clerk finds it: its reference, what it is, and its days."""
    lines = [thing.reference or thing.source_id, thing.label[lang]]
    if thing.period is not None:
        lines.append(
            f"{day_text(thing.period.first_day(), lang)} – {day_text(thing.period.last_day(), lang)}"
        )
    return "\n".join(dict.fromkeys(lines))
