"""The tariff of a town on a day, and how its versions are stored."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date

from sqlalchemy.orm import Session

from geo_service.fees.tariff import Tariff, parse_tariff
from geo_service.sql.loader import statements, text

# Keyed by what the document says, so that a changed tariff is another key and no process keeps an old one.
_parsed: dict[str, Tariff] = {}
_MOST_PARSED = 500


def tariff_in_force(session: Session, town_ags: str, day: date) -> Tariff | None:
    """The town's tariff on the civil day `day`, or None where it has none."""
    named = statements("fees")
    row = session.execute(text(named["tariff_in_force"]), {"town": town_ags, "day": day}).one_or_none()
    if row is None:
        return None
    if row.digest not in _parsed:
        where = {"town": town_ags, "valid_from": row.valid_from}
        document = session.execute(text(named["tariff_document"]), where).scalar_one()
        if len(_parsed) >= _MOST_PARSED:
            _parsed.clear()
        _parsed[row.digest] = parse_tariff(document, f"tariff of {town_ags} from {row.valid_from}")
    return _parsed[row.digest]


def save_tariffs(owner: Session, town_ags: str, tariffs: Sequence[Tariff]) -> bool:
    """Store all versions of a town in place of those it had; True if something changed. As the owner."""
    named = statements("fees")
    wanted = [tariff.model_dump(mode="json") for tariff in tariffs]
    stored = [row.document for row in owner.execute(text(named["stored_tariffs"]), {"town": town_ags})]
    if stored == wanted:
        return False
    owner.execute(text(named["forget_tariffs"]), {"town": town_ags})
    for tariff, document in zip(tariffs, wanted, strict=True):
        owner.execute(
            text(named["save_tariff"]),
            {
                "town": town_ags,
                "valid_from": tariff.valid_from,
                "official": tariff.official,
                "document": json.dumps(document),
            },
        )
    return True
