"""The life of a permit as one table: what may follow what, who may do it, under which guard (domain.md 5).

`offered` false: part of the life, but the service does not carry it out yet and says so.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from geo_service.errors import Forbidden, Rejected

Who = Literal["applicant", "clerk", "system"]
Guard = Literal["complete", "no_block", "reason"]

UNDECIDED = ("submitted", "in_review", "more_information_needed", "in_consultation")


@dataclass(frozen=True, slots=True)
class Transition:
    """One permitted step; `guards` are checked by decide_permit.py."""

    before: str
    after: str
    who: frozenset[Who]
    guards: tuple[Guard, ...] = ()
    offered: bool = field(default=True, kw_only=True)


def _step(before: str, after: str, who: str, *guards: Guard, offered: bool = True) -> Transition:
    parties: frozenset[Who] = frozenset(who.split())  # type: ignore[arg-type]
    return Transition(before, after, parties, guards, offered=offered)


TRANSITIONS: tuple[Transition, ...] = (
    _step("draft", "submitted", "applicant", "complete"),
    _step("submitted", "in_review", "clerk"),
    _step("in_review", "granted", "clerk", "no_block"),
    _step("in_review", "rejected", "clerk", "reason"),
    _step("in_review", "more_information_needed", "clerk", "reason"),
    _step("more_information_needed", "in_review", "applicant clerk"),
    _step("draft", "withdrawn", "applicant"),
    *(_step(before, "withdrawn", "applicant") for before in UNDECIDED),
    _step("granted", "surrendered", "applicant"),
    # The rest of the life: consultations, deadlines, the clock, clearance and its acceptance.
    _step("in_review", "in_consultation", "clerk", offered=False),
    _step("in_consultation", "in_review", "clerk", offered=False),
    _step("more_information_needed", "dismissed", "clerk", "reason", offered=False),
    _step("granted", "active", "system", offered=False),
    _step("granted", "lapsed", "clerk", "reason", offered=False),
    _step("granted", "revoked", "clerk", "reason", offered=False),
    _step("active", "revoked", "clerk", "reason", offered=False),
    _step("active", "ended", "system applicant", offered=False),
    _step("active", "overrun", "clerk", offered=False),
    _step("overrun", "ended", "applicant clerk", offered=False),
    _step("ended", "accepted", "clerk", offered=False),
    _step("ended", "rework_needed", "clerk", "reason", offered=False),
    _step("rework_needed", "accepted", "clerk", offered=False),
)

STATES: frozenset[str] = frozenset(state for step in TRANSITIONS for state in (step.before, step.after))


class AlreadyInThatState(Rejected):
    """The permit is in that state already."""


class StepNotPossible(Rejected):
    """The state of the permit does not allow this step."""


class StepNotOffered(Rejected):
    """The step belongs to the life of a permit, but this service does not offer it yet."""


def steps_from(before: str, parties: frozenset[Who]) -> list[str]:
    """The states that one of `parties` can move a permit to now, in the order of the table."""
    return [
        step.after for step in TRANSITIONS if step.before == before and step.offered and step.who & parties
    ]


def get_transition(before: str, after: str, parties: frozenset[Who]) -> Transition:
    """The step from `before` to `after` for one of `parties`.

    Raises AlreadyInThatState, StepNotPossible, StepNotOffered (409), or Forbidden when it is another's step.
    """
    if before == after:
        raise AlreadyInThatState(f"The permit is {after} already.")
    for step in TRANSITIONS:
        if (step.before, step.after) == (before, after):
            if not step.who & parties:
                raise Forbidden(
                    f"Only {' or '.join(sorted(step.who))} may move a permit from {before} to {after}."
                )
            if not step.offered:
                raise StepNotOffered(f"From {before} to {after} is not offered yet.")
            return step
    possible = ", ".join(step.after for step in TRANSITIONS if step.before == before) or "nothing"
    raise StepNotPossible(f"A permit that is {before} cannot become {after}; possible: {possible}.")
