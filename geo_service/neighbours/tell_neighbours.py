"""A neighbour town's office is told by e-mail what a case, a site, an event … has begun to mean for it.

Once for a thing, a neighbour and a day, and once more on that day where something blocks that only warned.
docs/decisions/0022-told-across-the-border.md says what is told and what is not.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from geo_service.as_written import period_text
from geo_service.conflicts.finding import OtherObject
from geo_service.conflicts.told_across import AcrossBorder, news_across
from geo_service.db.database import speaking_as_system
from geo_service.messages.outbox import Letter, OnMap, post
from geo_service.towns.town import Town, get_town

_MOST_IN_A_MAIL: Final = 5  # the link leads to all of them
_WEIGHS: Final = {"block": "steht dagegen", "warn": "zu prüfen"}
_WHAT: Final = {
    "permits": "ein Vorgang",
    "construction_sites": "eine Baustelle",
    "events": "eine Veranstaltung",
    "detours": "eine Umleitung",
    "blackouts": "eine Sperrzeit",
    "no_dig_periods": "eine Aufgrabungssperre",
    "reinstatements": "ein abgenommener Aufbruch",
    "fire_areas": "eine Feuerwehrfläche",
}


def tell_neighbours(
    session: Session,
    town: Town,
    source_id: UUID,
    across: Sequence[str],
    *,
    as_of: datetime,
    place: OtherObject | None = None,
) -> None:
    """Tell each neighbour's office of findings that have just begun or got worse.

    town: who acts. source_id: of its case, site, event, zone … across: keys of findings with it
    (`CheckResult.across`); where it is empty, nothing is asked of the database. place: as for `news_across`.
    """
    by_town: dict[str, list[AcrossBorder]] = defaultdict(list)
    for one in news_across(session, across, source_id, place=place):
        if one.town != town.ags:
            by_town[one.town].append(one)
    for told, news in by_town.items():
        letter = _letter(session, town, source_id, told, news, as_of=as_of)
        with speaking_as_system(session, town.ags):  # an applicant's session may not read what was posted
            post(session, town, letter, as_of=as_of)


def _letter(
    session: Session, town: Town, source_id: UUID, told: str, news: Sequence[AcrossBorder], *, as_of: datetime
) -> Letter:
    day = as_of.astimezone(town.zone).date()
    is_case = news[0].collection == "permits"
    marks = {severity: f"{told} {severity} {day}" for severity in _WEIGHS}
    worst = news[0].severity
    return Letter(
        kind="border_finding",
        permit_id=source_id if is_case else None,
        on_map=None if is_case else OnMap(collection=news[0].collection, object_id=source_id),
        recipient=get_town(session, told).settings.mail.office,
        places=_places(town, news),
        told_town=told,
        once=marks[worst],
        said_by=(marks["block"],) if worst == "warn" else (),
    )


def _places(town: Town, news: Sequence[AcrossBorder]) -> dict[str, str]:
    """Of what acts only what the neighbour's desk shows of it; nothing that an applicant has typed."""
    acting = news[0]
    streets = dict.fromkeys(one.street for one in news if one.street is not None)
    said = [_said(one) for one in news[:_MOST_IN_A_MAIL]]
    if more := len(news) - len(said):
        said.append(f"und {more} weitere")
    return {
        "what": _WHAT[acting.collection],
        "reference": acting.reference or ("noch nicht öffentlich" if acting.unpublished else "keines"),
        "use": acting.use,
        "office": town.settings.mail.office or "",
        "period": "auf Dauer" if acting.period is None else period_text(acting.period, "de"),
        "street": ", ".join(streets) or "ohne bekannten Namen",
        "words": "\n\n".join(said),
    }


def _said(one: AcrossBorder) -> str:
    lines = [
        f"{one.number} {one.title} ({_WEIGHS[one.severity]})",
        one.explanation,
        f"Rechtsgrundlage: {one.legal_source}",
    ]
    return "\n".join(lines if one.theirs is None else [*lines, f"Betroffen bei Ihnen: {one.theirs}"])
