"""What one town's step has begun to mean for another town: findings across the border, new or worse by it.

Both desks list them already. The words are the rule's own, with each of the two objects named as the desk on
the other side of the border may name it: so they can be said to either of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from geo_service.conflicts.finding import OtherObject, finding_document, other_document
from geo_service.conflicts.settle import Conflict, conflict_of_row, finding_statement
from geo_service.db.database import speaking_as_operator
from geo_service.identity.caller import Caller
from geo_service.interval import Interval

_NEWS = finding_statement("news_across")
_STREET_M: Final = 50.0  # farther away the name of a street would say where it is not


@dataclass(frozen=True, kw_only=True, slots=True)
class AcrossBorder:
    """One finding as it may be said on both sides. town: AGS of the neighbour.

    use, reference, period: of the one who acts; no reference while it is not published.
    theirs: what of the neighbour is concerned; None for a fixed object, which the explanation names.
    street: None where none is near.
    """

    town: str
    use: str
    reference: str | None
    period: Interval
    number: str
    severity: str
    title: str
    explanation: str
    legal_source: str
    theirs: str | None
    street: str | None


def news_across(session: Session, keys: Sequence[str], acting: UUID) -> list[AcrossBorder]:
    """Which of these findings of the one who acts are new or worse since this transaction began, worst first.

    keys: `CheckResult.across`; where there are none, nothing is asked. Settled ones are not news.
    """
    if not keys:
        return []
    asked = {"keys": list(keys), "acting": acting, "street_m": _STREET_M}
    with speaking_as_operator(session):  # half of them are the neighbour's
        rows = session.execute(_NEWS, asked).all()
    news = sorted(((conflict_of_row(row), row.street_name) for row in rows), key=lambda one: one[0].place)
    return [_across(conflict, street, str(acting)) for conflict, street in news]


def _across(conflict: Conflict, street: str | None, acting: str) -> AcrossBorder:
    finding = conflict.finding
    beside = finding.beside
    assert beside is not None and beside.town is not None and finding.mine_town is not None
    is_mine = finding.mine_source == acting
    town, stranger = (beside.town, finding.mine_town) if is_mine else (finding.mine_town, beside.town)
    ours, theirs = (conflict.mine, finding.other) if is_mine else (finding.other, conflict.mine)
    assert ours is not None and ours.period is not None
    seen = other_document(ours, _desk(town))
    said = finding_document(finding, _desk(finding.mine_town))
    return AcrossBorder(
        town=town,
        use=str(seen["label"]),
        reference=seen["reference"],
        period=ours.period,
        number=finding.number,
        severity=finding.severity,
        title=said["title"]["de"],
        explanation=said["explanation"]["de"],
        legal_source=finding.legal_source,
        theirs=None if theirs is None else _named(theirs, _desk(stranger)),
        street=street,
    )


def _named(theirs: OtherObject, stranger: Caller) -> str:
    seen = other_document(theirs, stranger)
    return f"{seen['label']} ({seen['reference']})" if seen["reference"] else str(seen["label"])


def _desk(town: str) -> Caller:
    return Caller(role="clerk", town=town, name=town)
