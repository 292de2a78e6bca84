"""What may follow what: the life of a site, an event, a detour, and of what is in force until cancelled.

domain.md section 3 names the states, section 5 says what they mean for others (occupations/states.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from geo_service.errors import Rejected


class OverAlready(Rejected):
    """It is cancelled already; what has happened stays as it is."""


class StepNotPossible(Rejected):
    """From this state it cannot become that one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Life:
    """first: the states in which something may be entered. follows: what each state may become.

    A change that keeps the state is a correction, possible in every state but `cancelled`.
    """

    first: tuple[str, ...]
    follows: Mapping[str, tuple[str, ...]]

    @property
    def states(self) -> tuple[str, ...]:
        """Every state of this life."""
        return tuple(self.follows)

    def require_first(self, state: str) -> None:
        """Raises StepNotPossible for a state in which nothing begins."""
        if state not in self.first:
            raise StepNotPossible(f"Nothing begins as {state}; possible: {', '.join(self.first)}.")

    def require_step(self, before: str, after: str) -> None:
        """Raises OverAlready or StepNotPossible."""
        if before == "cancelled":
            raise OverAlready()
        if before != after and after not in self.follows[before]:
            possible = ", ".join(self.follows[before]) or "nothing"
            raise StepNotPossible(f"What is {before} cannot become {after}; possible: {possible}.")


WORKS = Life(
    first=("planned", "confirmed", "active"),
    follows={
        "planned": ("confirmed", "active", "cancelled"),
        "confirmed": ("planned", "active", "ended", "cancelled"),
        "active": ("ended", "cancelled"),
        "ended": (),
        "cancelled": (),
    },
)
EVENT = Life(
    first=("planned", "granted"),
    follows={
        "planned": ("granted", "cancelled"),
        "granted": ("planned", "ended", "cancelled"),
        "ended": (),
        "cancelled": (),
    },
)
IN_FORCE = Life(first=("in_force",), follows={"in_force": ("cancelled",), "cancelled": ()})
