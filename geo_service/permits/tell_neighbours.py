"""A neighbour town's office is told by e-mail what a step of a case has begun to mean for it.

Once for a case, a neighbour and a day, and once more on that day where something blocks that only warned.
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
from geo_service.conflicts.told_across import AcrossBorder, news_across
from geo_service.db.database import speaking_as_system
from geo_service.messages.outbox import Letter, post
from geo_service.towns.town import Town, get_town

_MOST_IN_A_MAIL: Final = 5  # the link leads to all of them
_WEIGHS: Final = {"block": "steht dagegen", "warn": "zu prüfen"}


def tell_neighbours(
    session: Session, town: Town, permit_id: UUID, across: Sequence[str], *, as_of: datetime
) -> None:
    """Tell each neighbour's office of findings that have just begun or got worse.

    across: `CheckResult.across` of the case; where it is empty, nothing is asked of the database.
    """
    by_town: dict[str, list[AcrossBorder]] = defaultdict(list)
    for one in news_across(session, across, permit_id):
        if one.town != town.ags:
            by_town[one.town].append(one)
    for ags, news in by_town.items():
        day = as_of.astimezone(town.zone).date()
        letter = Letter(
            kind="border_finding", permit_id=permit_id, recipient=get_town(session, ags).settings.mail.office,
            places=_places(town, news), told_town=ags, once=f"{ags} {news[0].severity} {day}",
        )  # fmt: skip
        with speaking_as_system(session, town.ags):  # an applicant's session may not read what was posted
            post(session, town, letter, as_of=as_of)


def _places(town: Town, news: Sequence[AcrossBorder]) -> dict[str, str]:
    """Of the case only what the neighbour's desk shows of it; nothing that an applicant has typed."""
    case = news[0]
    streets = dict.fromkeys(one.street for one in news if one.street is not None)
    said = [_said(one) for one in news[:_MOST_IN_A_MAIL]]
    if more := len(news) - len(said):
        said.append(f"und {more} weitere")
    return {
        "reference": case.reference or "noch nicht öffentlich",
        "use": case.use,
        "office": town.settings.mail.office or "",
        "period": period_text(case.period, "de"),
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
