"""K01 and K02 in the database agree with an evaluation written independently in shapely, on random scenes."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely.geometry import box

DAY = date(2026, 6, 1)
USES = {"geruest": True, "plakat": False}


@st.composite
def uses(draw: st.DrawFn) -> dict[str, Any]:
    """A use somewhere in 40 × 40 m and 30 days; quarter metres make touching and thresholds likely."""
    quarter = st.integers(0, 160).map(lambda n: n / 4)
    size = st.integers(1, 60).map(lambda n: n / 4)
    first = draw(st.integers(0, 25))
    low = draw(st.sampled_from([None, 0, 2, 4]))
    return {
        "use": draw(st.sampled_from(sorted(USES))),
        "state": draw(st.sampled_from(["submitted", "granted"])),
        "rect": [draw(quarter), draw(quarter), draw(size), draw(size)],
        "days": [DAY + timedelta(days=first), DAY + timedelta(days=first + draw(st.integers(0, 9)))],
        "heights": [low, draw(st.sampled_from([None, (low or 0) + 2]))],
        "takes": draw(st.sampled_from([[], ["footway"], ["carriageway"], ["carriageway", "footway"]])),
    }


def rectangle(use: dict[str, Any]) -> Any:
    x, y, width, depth = use["rect"]
    return box(x, y, x + width, y + depth)


def expected(mine: dict[str, Any], other: dict[str, Any]) -> set[tuple[str, str]]:
    """What a careful person would say about two uses."""
    shared_m2 = rectangle(mine).intersection(rectangle(other)).area
    together = mine["days"][0] <= other["days"][1] and other["days"][0] <= mine["days"][1]
    days_between = max(
        (other["days"][0] - mine["days"][1]).days - 1, (mine["days"][0] - other["days"][1]).days - 1, 0
    )
    tops = [use["heights"][1] if use["heights"][1] is not None else 1e9 for use in (mine, other)]
    bottoms = [use["heights"][0] or 0 for use in (mine, other)]
    if shared_m2 >= 0.25 and together and max(bottoms) < min(tops):
        excluding = USES[mine["use"]] and USES[other["use"]] and other["state"] == "granted"
        return {("K01", "block" if excluding else "warn")}
    if rectangle(mine).distance(rectangle(other)) <= 10 and days_between <= 1:
        on_the_road = "carriageway" in mine["takes"] and "carriageway" in other["takes"]
        return {("K02", "warn" if on_the_road and together else "info")}
    return set()


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(mine=uses(), others=st.lists(uses(), min_size=1, max_size=5))
def test_the_rules_agree_with_shapely(scene: Any, mine: dict[str, Any], others: list[dict[str, Any]]) -> None:
    with scene.session.begin_nested() as savepoint:
        stored = {scene.store(other): other for other in others}
        found: dict[int, set[tuple[str, str]]] = {occupation_id: set() for occupation_id in stored}
        for finding in scene.check({**mine, "state": "submitted"}).findings:
            if finding.other is not None and finding.other.occupation_id is not None:
                found[finding.other.occupation_id].add((finding.number, finding.severity))
        savepoint.rollback()
    assert found == {occupation_id: expected(mine, other) for occupation_id, other in stored.items()}
