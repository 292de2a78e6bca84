"""Who is speaking and what that role may do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from geo_service.errors import Forbidden, NotSignedIn

KeyRole = Literal["reader", "clerk", "supervisor", "admin", "operator"]
Role = Literal["public", "applicant", "system"] | KeyRole

# The desk's roles: each may do what the one before may, in its own town.
DESK_ROLES: tuple[Role, ...] = ("clerk", "supervisor", "admin")
_ROLE_NAMES: dict[Role, str] = {
    "clerk": "Sachbearbeitung", "supervisor": "Leitung", "admin": "Verwaltung",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """A person or system; `town` is the AGS it acts for, None for the public and the operator.

    `key_id` names the API key, also the one behind a sign-in; `signed_in`: a browser with a sign-in cookie.
    """

    role: Role = "public"
    town: str | None = None
    name: str = "public"
    key_id: str | None = None
    signed_in: bool = False

    @property
    def at_desk(self) -> bool:
        """True for clerks, supervisors and admins."""
        return self.role in DESK_ROLES

    @property
    def may_override(self) -> bool:
        """True if a blocking finding may be overridden with a reason."""
        return self.role in ("supervisor", "admin")

    def town_for_rows(self) -> str | None:
        """The town whose cases the database may show: only desk roles see cases."""
        return self.town if self.at_desk else None


PUBLIC = Caller()
APPLICANT = Caller(role="applicant", name="applicant")


def system_of(town: str) -> Caller:
    """The service itself, acting for a town (AGS): what the clock does to its cases."""
    return Caller(role="system", town=town, name="system")


def demo_name(role: Role) -> str:
    """The name under which whoever tries the demo as a desk role acts; it stays in the history of a case."""
    return f"Demo ({_ROLE_NAMES[role]})"


def require_desk(caller: Caller, town: str | None = None) -> Caller:
    """`caller`, if it is a desk role (of `town`, if given). Raises NotSignedIn or Forbidden."""
    if caller.role == "public":
        raise NotSignedIn()
    if not caller.at_desk or (town is not None and caller.town != town):
        raise Forbidden()
    return caller
