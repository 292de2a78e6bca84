"""The table of a run: each piece with its mutants, what was noticed, and what was not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tests.mutation.equivalent import reason_why_equal
from tests.mutation.pieces import Mutant


@dataclass(frozen=True)
class Told:
    """What became of one mutant, by its key. fault: no mutant, but a test that fails without any."""

    mutant: str
    by: str | None
    unfit: bool = False
    fault: bool = False


def report(mutants: Sequence[Mutant], told: Sequence[Told], stale: Sequence[str]) -> tuple[list[str], bool]:
    """The lines to print; false if a mutant survived or something else is not in order."""
    became = {one.mutant: one for one in told if not one.fault}
    faults = [one.mutant for one in told if one.fault] + [f"speaks of nothing: {each}" for each in stale]
    rows: dict[str, Counter[str]] = {}
    survivors, unfit, lost = [], [], 0
    for mutant in mutants:
        count = rows.setdefault(f"{mutant.piece.name} ({mutant.piece.file})", Counter())
        count["mutants"] += 1
        if reason_why_equal(mutant) is not None:
            count["equal"] += 1
        elif (one := became.get(mutant.key)) is None:
            lost += 1
        elif one.unfit:
            unfit.append(mutant)
        elif one.by is None:
            survivors.append(mutant)
        else:
            count["killed"] += 1
    whole = sum(rows.values(), Counter())
    lines = ["| piece | mutants | killed | equal in effect |", "|---|---|---|---|"]
    lines += [
        f"| {name} | {n['mutants']} | {n['killed']} | {n['equal']} |"
        for name, n in (*rows.items(), ("all", whole))
    ]
    lines += [f"SURVIVES {mutant}" for mutant in survivors]
    lines += [f"NOT PLANNED BY THE DATABASE {mutant}" for mutant in unfit]
    lines += [f"FAULT {fault}" for fault in faults]
    if lost:
        lines.append(f"FAULT {lost} mutants were not run")
    return lines, not (survivors or unfit or faults or lost)
