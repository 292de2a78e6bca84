"""What the state of a permit, site, event or detour means for everybody else (domain.md section 5)."""

from __future__ import annotations

from dataclasses import dataclass

from geo_service.errors import Invalid

DESK = "desk"  # the source of what a clerk has drawn


@dataclass(frozen=True, slots=True)
class Standing:
    """counts: takes part in conflicts. binding: a right to stand there. open_ended: until it is cleared."""

    counts: bool
    binding: bool
    published: bool
    open_ended: bool = False


_GONE = Standing(counts=False, binding=False, published=False)
_UNDER_REVIEW = Standing(counts=True, binding=False, published=False)
_IN_FORCE = Standing(counts=True, binding=True, published=True)
_STILL_THERE = Standing(counts=True, binding=True, published=True, open_ended=True)
_PLANNED_OPENLY = Standing(counts=True, binding=False, published=True)

STANDINGS: dict[str, dict[str, Standing]] = {
    "permits": {
        "draft": _GONE,
        **dict.fromkeys(
            ("submitted", "in_review", "more_information_needed", "in_consultation"), _UNDER_REVIEW
        ),
        **dict.fromkeys(("granted", "active"), _IN_FORCE),
        **dict.fromkeys(("overrun", "rework_needed"), _STILL_THERE),
        **dict.fromkeys(
            ("ended", "accepted", "rejected", "withdrawn", "dismissed", "revoked", "lapsed", "surrendered"),
            _GONE,
        ),
    },
    "construction_sites": {
        "planned": _PLANNED_OPENLY,
        "confirmed": _IN_FORCE,
        "active": _IN_FORCE,
        "ended": _GONE,
        "cancelled": _GONE,
    },
    "events": {"planned": _UNDER_REVIEW, "granted": _IN_FORCE, "cancelled": _GONE, "ended": _GONE},
    "detours": {
        "planned": _UNDER_REVIEW,
        "confirmed": _IN_FORCE,
        "active": _IN_FORCE,
        "ended": _GONE,
        "cancelled": _GONE,
    },
}


def standing_of(collection: str, state: str, *, is_public: bool = True) -> Standing:
    """The row of the table for one state; `is_public` false (a site not marked public) is never published.

    Raises Invalid for a state that the collection does not have.
    """
    try:
        standing = STANDINGS[collection][state]
    except KeyError:
        raise Invalid(f"{collection} has no state {state!r}.") from None
    return Standing(standing.counts, standing.binding, standing.published and is_public, standing.open_ended)
