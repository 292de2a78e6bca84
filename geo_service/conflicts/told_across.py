"""What one town's step has begun to mean for another town: findings across the border, new or worse by it.

Both desks list those of a pair or a place already. The words are the rule's own, with each of the two objects
named as the desk on the other side of the border may name it: so they can be said to either of them. What
the neighbour's own measure counts us in for is listed there only: the rule is said, nothing of the measure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from geo_service.conflicts.check import other_of_row
from geo_service.conflicts.finding import OtherObject, finding_document, other_document
from geo_service.conflicts.settle import Conflict, conflict_of_row, finding_statement
from geo_service.db.database import speaking_as_operator
from geo_service.identity.caller import Caller
from geo_service.interval import Interval

_NEWS = finding_statement("news_across")
_ACTING = finding_statement("acting_object")
_STREET_M: Final = 50.0  # farther away the name of a street would say where it is not
_COUNTED_IN: Final = "Ihr eigener Befund zählt dies mit; Maß und Lage stehen in Ihrer Liste."


@dataclass(frozen=True, kw_only=True, slots=True)
class AcrossBorder:
    """One finding as it may be said on both sides. town: AGS of the neighbour.

    collection, use, reference, period: of what acts. unpublished: it has a reference that is not said.
    period: None where it has no days. theirs: what of the neighbour is concerned; None for a fixed object,
    which the explanation names. street: None where none is near.
    """

    town: str
    collection: str
    use: str
    reference: str | None
    unpublished: bool
    period: Interval | None
    number: str
    severity: str
    title: str
    explanation: str
    legal_source: str
    theirs: str | None
    street: str | None


def news_across(
    session: Session, keys: Sequence[str], acting: UUID, *, place: OtherObject | None = None
) -> list[AcrossBorder]:
    """Which of these findings of the one who acts are new or worse since this transaction began, worst first.

    keys: `CheckResult.across`; where there are none, nothing is asked. Settled ones are not news.
    place: what acts, if it is a place with a rule of its own and no occupation says what it is.
    """
    if not keys:
        return []
    asked = {"keys": list(keys), "acting": acting, "street_m": _STREET_M}
    with speaking_as_operator(session):  # half of them are the neighbour's
        rows = session.execute(_NEWS, asked).all()
    if not rows:
        return []
    ours = place or other_of_row(session.execute(_ACTING, {"source_id": acting}).one())
    assert ours is not None
    news = sorted(((conflict_of_row(row), row.street_name) for row in rows), key=lambda one: one[0].place)
    return [_across(conflict, street, ours) for conflict, street in news]


def _across(conflict: Conflict, street: str | None, ours: OtherObject) -> AcrossBorder:
    finding = conflict.finding
    assert ours.town is not None and finding.mine_town is not None
    is_mine, beside = finding.mine_source == ours.source_id, finding.beside
    town = finding.mine_town
    if is_mine:
        assert beside is not None and beside.town is not None
        town = beside.town
    theirs = finding.other if is_mine else conflict.mine
    seen = other_document(ours, _desk(town))
    said = finding_document(finding, _desk(finding.mine_town))
    counted_in = not is_mine and (beside is None or beside.source_id != ours.source_id)
    return AcrossBorder(
        town=town,
        collection=ours.collection,
        use=str(seen["label"]),
        reference=seen["reference"],
        unpublished=seen["reference"] != ours.reference,
        period=ours.period,
        number=finding.number,
        severity=finding.severity,
        title=said["title"]["de"],
        explanation=_COUNTED_IN if counted_in else said["explanation"]["de"],
        legal_source=finding.legal_source,
        theirs=None if theirs is None else _named(theirs, _desk(ours.town)),
        street=street,
    )


def _named(theirs: OtherObject, stranger: Caller) -> str:
    seen = other_document(theirs, stranger)
    return f"{seen['label']} ({seen['reference']})" if seen["reference"] else str(seen["label"])


def _desk(town: str) -> Caller:
    return Caller(role="clerk", town=town, name=town)
