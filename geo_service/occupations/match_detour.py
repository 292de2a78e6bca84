"""Along which segments a drawn detour runs, and where along none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import orjson
import shapely
from sqlalchemy.orm import Session

from geo_service.crs import ewkb_hex
from geo_service.occupations.occupation import Occupation
from geo_service.occupations.parameters import general_value
from geo_service.sql.loader import statements, text

# Half a right angle: whoever cuts a corner still leads along one of its two streets, never along both.
TURN_DEGREES = 45.0
STEP_M = 5.0
# 10 km in steps of 5 m, some 0.1 s; a longer detour takes longer steps.
MAX_STEPS = 2000

_MATCH = text(statements("detours")["match_detours"])


def match_detour(session: Session, occupation: Occupation, *, day: date) -> Occupation:
    """`occupation` with the segments of its detour in driving order; unchanged where it has none."""
    return match_detours(session, [occupation], day=day)[0]


def match_detours(session: Session, occupations: Sequence[Occupation], *, day: date) -> list[Occupation]:
    """The same for many at once, in their order; no question to the database where nobody has a detour.

    Reach and noise as in force on `day`.
    """
    asked = [
        {
            "number": number,
            "detour": ewkb_hex(occupation.detour),
            "modes": sorted(occupation.detour_modes),
        }
        for number, occupation in enumerate(occupations)
        if occupation.detour is not None
    ]
    matched = [
        replace(occupation, detour_segments=None, detour_unmatched=None, detour_unmatched_m=None)
        if occupation.detour is None
        else occupation
        for occupation in occupations
    ]
    if not asked:
        return matched
    values = {
        "detours": orjson.dumps(asked).decode(),
        "reach_m": general_value("detour_reach_m", day),
        "noise_m": general_value("detour_noise_m", day),
        "turn_degrees": TURN_DEGREES,
        "step_m": STEP_M,
        "max_steps": MAX_STEPS,
    }
    for row in session.execute(_MATCH, values):
        matched[row.number] = replace(
            matched[row.number],
            detour_segments=tuple(row.segments),
            detour_unmatched=None if row.unmatched is None else shapely.from_wkb(bytes(row.unmatched)),
            detour_unmatched_m=row.unmatched_m,
        )
    return matched
