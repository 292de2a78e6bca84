"""The extensions of a permit that are in force with it, those of extensions too."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from geo_service.errors import FieldFault, Invalid, Rejected
from geo_service.permits.permit import Permit, keys_of
from geo_service.permits.states import TRANSITIONS
from geo_service.sql.loader import statements, text

_REVOCABLE = sorted(step.before for step in TRANSITIONS if step.after == "revoked")


class PermitRevoked(Rejected):
    """The permit that this would change is revoked; a new request can be decided instead."""


def list_revocable_extensions(session: Session, reference: str) -> list[str]:
    """References of those that can be revoked together with a permit, the last days first.

    reference: or the id of the permit. None are found by whoever may not see the permit.
    """
    asked = {**keys_of(reference), "statuses": _REVOCABLE}
    return list(session.execute(text(statements("permits")["extensions_of_permit"]), asked).scalars())


def lock_extensions(session: Session, reference: str, chosen: Sequence[str]) -> None:
    """Keep other writers out of those that shall be revoked too; before their permit is locked.

    In the order of a grant, which locks a child and then what it gives way to: else both would wait for ever.
    """
    for extension in list_revocable_extensions(session, reference) if chosen else ():
        if extension in chosen:
            session.execute(text(statements("permits")["lock_permit"]), keys_of(extension))


def require_extensions(session: Session, permit: Permit, chosen: Sequence[str]) -> None:
    """Raises Invalid for a reference that is no extension in force of `permit`."""
    known = list_revocable_extensions(session, str(permit.permit_id)) if chosen else []
    for number, one in enumerate(chosen):
        if one not in known:
            detail = "This is no extension in force of this permit."
            raise Invalid(detail, errors=[FieldFault(f"/also_revoke/{number}", detail)])
