"""The treasury's file: what was charged and taken back in a period, as treasuries and spreadsheets import it.

CSV with semicolons, decimal comma, days as TT.MM.JJJJ, lines that end with CR LF, UTF-8 with byte order mark:
a double click in a German office opens it right, and importers of cash programs take it by the names of its
columns. A text that a spreadsheet would calculate gets an apostrophe in front.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from sqlalchemy.orm import Session

from geo_service.as_written import day_text
from geo_service.errors import FieldFault, Malformed
from geo_service.interval import midnight
from geo_service.occupations.use_types import use_types
from geo_service.sql.loader import statements, text

MEDIA_TYPE: Final = "text/csv; charset=utf-8"
COLUMNS: Final = (
    "Buchungsart", "Kassenzeichen", "Betrag", "Währung", "Buchungstag", "Fällig am", "Aktenzeichen",
    "Gegenstand", "Zahlungspflichtig", "Anschrift", "Grund", "Hinweis",
)  # fmt: skip
_KINDS = {"charge": "Soll", "credit": "Absetzung", "credit_undone": "Absetzung storniert"}
_CALCULATED = ("=", "+", "-", "@")


def treasury_file(session: Session, town: str, first_day: date, last_day: date) -> bytes:
    """The file of a town (AGS) that speaks, for two days and those between. Raises Malformed."""
    if last_day < first_day:
        raise Malformed(errors=[FieldFault("until", "The last day lies before the first day.")])
    day_after = min(last_day, date.max - timedelta(days=1)) + timedelta(days=1)
    asked = {
        "town": town, "first_day": first_day, "last_day": last_day,
        "starts": midnight(first_day), "ends": midnight(day_after),
    }  # fmt: skip
    return _written(session.execute(text(statements("fee_notices")["treasury_rows"]), asked).mappings())


def _written(rows: Iterable[Any]) -> bytes:
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=";", lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in rows:
        sign = -1 if row["kind"] == "credit" else 1
        writer.writerow((
            _KINDS[row["kind"]], plain_text(row["cash_reference"]), euros(sign * row["amount_eur"]), "EUR",
            day_text(row["on_day"], "de"), day_text(row["due_on"], "de"), plain_text(row["reference"]),
            plain_text(use_types()[row["use_type"]].de), plain_text(row["payer"]), plain_text(row["address"]),
            plain_text(row["reason"]), "" if row["official"] else "Beispieltarif, nicht amtlich",
        ))  # fmt: skip
    return file.getvalue().encode("utf-8-sig")


def plain_text(words: str | None) -> str:
    """One line of text that no spreadsheet takes for a formula."""
    line = ", ".join(part.strip() for part in (words or "").split("\n") if part.strip())
    line = "".join(character for character in line if character.isprintable())
    return f"'{line}" if line.startswith(_CALCULATED) else line


def euros(amount: Decimal) -> str:
    """1234.5 as 1234,50: no separator of thousands, which importers stumble over."""
    return f"{amount:.2f}".replace(".", ",")
