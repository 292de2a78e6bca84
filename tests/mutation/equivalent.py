"""Mutants that are the same in effect, each with the reason; nothing else may survive."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from tests.mutation.pieces import Mutant


@dataclass(frozen=True)
class Equal:
    """piece, what: patterns of the names of pieces and of what is taken out; * stands for anything."""

    piece: str
    what: str
    reason: str

    def is_about(self, mutant: Mutant) -> bool:
        what = mutant.what.replace("[", "(").replace("]", ")")  # brackets are patterns to fnmatch
        return fnmatchcase(mutant.piece.name, self.piece) and fnmatchcase(what, self.what)


EQUAL: tuple[Equal, ...] = ()


def reason_why_equal(mutant: Mutant) -> str | None:
    return next((equal.reason for equal in EQUAL if equal.is_about(mutant)), None)


def stale_reasons(mutants: Sequence[Mutant]) -> list[str]:
    """Entries that speak of no mutant any more."""
    return [f"{e.piece}: {e.what}" for e in EQUAL if not any(e.is_about(mutant) for mutant in mutants)]
