"""A template becomes a PDF with tags (PDF/UA), drawn here: nothing is fetched, from nowhere."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from geo_service.as_written import Language, day_text, moment_text, number_text, period_text
from geo_service.db.labels import label
from geo_service.documents.sheet_library import draw_pdf

_FOLDER = Path(__file__).resolve().parent / "templates"
_SHEETS = Environment(
    loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined,
    trim_blocks=True, lstrip_blocks=True,
)  # fmt: skip
# A sheet keeps a core busy and takes 100 MB: one after the other is no slower.
_one_at_a_time = threading.Lock()


def draw_sheet(template: str, language: Language, **values: Any) -> bytes:
    """The PDF of `templates/<template>`. values: go to the template as they are and are escaped there."""
    html = _SHEETS.get_template(template).render(
        language=language,
        css=(_FOLDER / "sheet.css").read_text(encoding="utf-8"),
        **_tools(language),
        **values,
    )
    with _one_at_a_time:
        return draw_pdf(html)


def language_of_case(code: str) -> Language:
    """The language a case is written in: English if it was asked for in English, else German."""
    return "en" if code == "en" else "de"


def qr_picture(address: str) -> str:
    """An address as a QR code: an SVG picture in a data address."""
    import segno  # noqa: PLC0415 - as WeasyPrint

    return segno.make(address, error="m", micro=False).svg_data_uri(border=2)


def _tools(language: Language) -> Mapping[str, Callable[..., str]]:
    def day(value: date | str | None) -> str:
        return day_text(date.fromisoformat(value) if isinstance(value, str) else value, language)

    def moment(value: datetime | str) -> str:
        return moment_text(datetime.fromisoformat(value) if isinstance(value, str) else value, language)

    def money(value: str) -> str:
        return f"{number_text(float(value), language, 2)} €"

    return {
        "t": lambda de, en: en if language == "en" else de,
        "day": day,
        "moment": moment,
        "money": money,
        "days": lambda period: period_text(period, language),
        "number": lambda value, digits=1: number_text(value, language, digits),
        "label": lambda code_list, code: label(code_list, code, language),
    }
