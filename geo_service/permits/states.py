"""The life of a permit as one table: what may follow what, who may do it, under which guard (domain.md 5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from geo_service.errors import Forbidden, Rejected

Who = Literal["applicant", "clerk", "system"]
# overdue: the answer's deadline has passed; begun, over: the period has. The clock alone opens these three.
# on_paper: it was filed at the counter, so that its applicant may have no page to do the step on.
Guard = Literal["complete", "no_block", "reason", "overdue", "begun", "over", "on_paper"]

UNDECIDED = ("submitted", "in_review", "more_information_needed", "in_consultation")
WITH_DESK = ("submitted", "in_review", "in_consultation")
IN_FORCE = ("granted", "active", "overrun")


@dataclass(frozen=True, slots=True)
class Transition:
    """One permitted step; `guards` are checked by decide_permit.py."""

    before: str
    after: str
    who: frozenset[Who]
    guards: tuple[Guard, ...] = ()


def _step(before: str, after: str, who: str, *guards: Guard) -> Transition:
    parties: frozenset[Who] = frozenset(who.split())  # type: ignore[arg-type]
    return Transition(before, after, parties, guards)


TRANSITIONS: tuple[Transition, ...] = (
    # Asking, examining, deciding.
    _step("draft", "submitted", "applicant", "complete"),
    _step("submitted", "in_review", "clerk"),
    _step("in_review", "granted", "clerk", "no_block"),
    _step("in_review", "rejected", "clerk", "reason"),
    _step("in_review", "more_information_needed", "clerk", "reason"),
    _step("in_review", "in_consultation", "clerk", "reason"),
    _step("more_information_needed", "in_review", "applicant clerk"),
    _step("more_information_needed", "dismissed", "clerk", "reason", "overdue"),
    _step("in_consultation", "in_review", "clerk system"),
    _step("draft", "withdrawn", "applicant"),
    *(_step(before, "withdrawn", "applicant") for before in UNDECIDED),
    *(_step(before, "withdrawn", "clerk", "reason", "on_paper") for before in UNDECIDED),
    # In force. The system acts as a replaced parent gives way to its child, too.
    _step("granted", "active", "system", "begun"),
    _step("granted", "surrendered", "applicant system"),
    _step("granted", "surrendered", "clerk", "reason", "on_paper"),
    _step("granted", "lapsed", "clerk", "reason"),
    _step("granted", "revoked", "clerk", "reason"),
    _step("active", "revoked", "clerk", "reason"),
    _step("active", "ended", "system applicant"),
    _step("active", "ended", "clerk", "reason", "on_paper"),
    _step("active", "overrun", "clerk", "over"),
    _step("overrun", "ended", "applicant clerk system"),
    # Cleared. The system ends a permit on the minute: what still stands there is seen afterwards.
    _step("ended", "overrun", "clerk", "reason"),
    _step("ended", "accepted", "clerk"),
    _step("ended", "rework_needed", "clerk", "reason"),
    _step("rework_needed", "accepted", "clerk"),
)

STATES: frozenset[str] = frozenset(state for step in TRANSITIONS for state in (step.before, step.after))


class AlreadyInThatState(Rejected):
    """The permit is in that state already."""


class StepNotPossible(Rejected):
    """The state of the permit does not allow this step."""


class NotOnPaper(Forbidden):
    """The applicant has filed this online and takes this step alone."""


class TooEarly(Rejected):
    """It is too early for this step."""


def steps_from(before: str, parties: frozenset[Who], shut: frozenset[Guard] = frozenset()) -> list[str]:
    """The states that one of `parties` can move a permit to now, in the order of the table.

    shut: guards that do not let anybody through yet.
    """
    open_now = (
        step.after
        for step in TRANSITIONS
        if step.before == before and step.who & parties and not shut.intersection(step.guards)
    )
    return list(dict.fromkeys(open_now))  # whoever is both parties takes a step by one of its lines


def get_transition(before: str, after: str, parties: frozenset[Who]) -> Transition:
    """The step from `before` to `after` for one of `parties`.

    Raises AlreadyInThatState, StepNotPossible (409), or Forbidden when it is another's step.
    """
    if before == after:
        raise AlreadyInThatState(f"The permit is {after} already.")
    lines = [step for step in TRANSITIONS if (step.before, step.after) == (before, after)]
    for step in lines:
        if step.who & parties:
            return step
    if lines:
        who = " or ".join(sorted({one for step in lines for one in step.who}))
        raise Forbidden(f"Only {who} may move a permit from {before} to {after}.")
    after_it = dict.fromkeys(step.after for step in TRANSITIONS if step.before == before)
    possible = ", ".join(after_it) or "nothing"
    raise StepNotPossible(f"A permit that is {before} cannot become {after}; possible: {possible}.")
