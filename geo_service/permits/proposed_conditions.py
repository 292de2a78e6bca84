"""What a clerk is offered as conditions of a grant, to be changed before it is decided."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from geo_service.permits.consultations import Consultation
from geo_service.permits.permit import Permit
from geo_service.sql.loader import statements, text


@dataclass(frozen=True, kw_only=True, slots=True)
class ProposedConditions:
    """lines: one condition each. from_parent, from_offices: where they come from."""

    lines: tuple[str, ...]
    from_parent: bool
    from_offices: bool


def propose_conditions(
    session: Session, permit: Permit, consultations: Iterable[Consultation]
) -> ProposedConditions:
    """Those of the permit that `permit` extends or changes, then what offices demand, each once.

    An extension is a permit of its own: what its parent was bound to holds only if it is said again.
    """
    parent: list[str] = []
    if permit.parent is not None:
        asked = {"permit_id": permit.parent}
        stored = session.execute(
            text(statements("permits")["conditions_of_permit"]), asked
        ).scalar_one_or_none()
        parent = [one["text"] for one in stored or ()]
    said = [one.answer for one in consultations if one.verdict == "conditions" and one.answer]
    offices = [line for answer in said for line in answer.splitlines()]
    lines = (" ".join(line.split()) for line in (*parent, *offices))
    return ProposedConditions(
        lines=tuple(dict.fromkeys(line for line in lines if line)),
        from_parent=bool(parent),
        from_offices=bool(offices),
    )
