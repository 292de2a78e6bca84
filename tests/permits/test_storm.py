"""The storm: over two hundred writers on sixteen connections, in two towns, all wanting what not all can have.

Pairs that overlap (K01), three that only together leave too little of a footway (K04), two closures that only
together cut a street off (K14); by grants, new sites, events and sites that grow. Afterwards nothing binding stands
over a block that nobody has overridden. The same storm without the lock breaks that: so the lock is what holds it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from shapely import LineString
from shapely.geometry import box
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from geo_service.conflicts import binding_lock
from geo_service.conflicts.catalogue import rulebook
from geo_service.conflicts.recompute_due import OUTSIDE, recompute_town, work_off
from geo_service.construction.save_site import save_site
from geo_service.construction.site import ConstructionSite
from geo_service.db.database import Database, operator_session, owner_session, speak_as
from geo_service.errors import Rejected
from geo_service.events.save_event import Event, save_event
from geo_service.identity.caller import PUBLIC, Caller
from geo_service.interval import TOWN_ZONE, Interval
from geo_service.occupations.use_request import UseRequest
from geo_service.permits.applicant import Applicant
from geo_service.permits.decide_permit import Move, move_permit
from geo_service.permits.permit_request import PermitRequest
from geo_service.permits.request_permit import request_permit
from geo_service.roads.save_segments import save_segments
from geo_service.roads.segment import Segment
from tests.permits.conftest import BENSHEIM, VIERNHEIM

TOWNS = (BENSHEIM, VIERNHEIM)
CONNECTIONS = 16
Deed = Callable[[Session], object]
OVERLAPS = """
SELECT count(*) FROM occupation AS a INNER JOIN occupation AS b ON a.occupation_id < b.occupation_id
    AND a.binding AND b.binding AND a.exclusive AND b.exclusive AND a.area && b.area AND a.period && b.period
WHERE ST_Area(ST_Intersection(a.area, b.area)) >= 0.25"""
BLOCKED = """
SELECT finding.number, finding.severity FROM finding
INNER JOIN occupation ON occupation.occupation_id = finding.mine_occupation AND occupation.binding
WHERE finding.severity = 'block' AND finding.status <> 'overridden'"""


@dataclass(frozen=True)
class Rivals:
    """Deeds of one place in one town; of them `at_most` may succeed once `rule` is in the rulebook."""

    town: str
    deeds: tuple[Deed, ...]
    at_most: int
    rule: str


class Ground:
    """A town seen from a point inside, in metres; with what people do there."""

    def __init__(self, town: str, middle: tuple[float, float]) -> None:
        self.town, self.middle = town, middle
        self.clerk = Caller(role="clerk", town=town, name="clerk")
        day = datetime.now(TOWN_ZONE).date() + timedelta(days=60)
        self.period = Interval.of_days(day, day + timedelta(days=13))

    def rect(self, x: float, y: float, w: float = 4, h: float = 3) -> BaseGeometry:
        mx, my = self.middle
        return box(mx + x, my + y, mx + x + w, my + y + h)

    def site(self, area: BaseGeometry, **more: object) -> ConstructionSite:
        plain = ConstructionSite(
            site_id=uuid4(), title="Baustelle", kind="leitungsbau", area=area, period=self.period,
            state="confirmed", source="test",
        )  # fmt: skip
        return replace(plain, **more)  # type: ignore[arg-type]

    def new_site(self, area: BaseGeometry, **more: object) -> Deed:
        made = self.site(area, **more)
        return lambda session: save_site(session, made, as_of=datetime.now(UTC))

    def event(self, area: BaseGeometry) -> Deed:
        made = Event(
            event_id=uuid4(), title="Fest", area=area, period=self.period, state="granted", source="test"
        )
        return lambda session: save_event(session, made, as_of=datetime.now(UTC))

    def file(self, session: Session, area: BaseGeometry) -> Deed:
        """A request in review; the deed is to grant it."""
        speak_as(session, actor="public")
        use = UseRequest(use_type="geruest", area=area, period=self.period, takes=frozenset())
        asked = PermitRequest(use=use, purpose="Fassade", applicant=Applicant(name="Erika Mustermann"))
        filed = request_permit(session, asked, filed_by=PUBLIC, as_of=datetime.now(UTC))
        speak_as(session, actor="clerk", town=self.town)
        assert filed.reference
        self.move(session, filed.reference, "in_review")
        return lambda again: self.move(again, filed.reference or "", "granted")

    def move(self, session: Session, reference: str, to: str) -> object:
        return move_permit(session, reference, Move(to=to), caller=self.clerk, as_of=datetime.now(UTC))


def roads_of(ground: Ground) -> list[Segment]:
    """A street with a footway of 3 m on its north side; a main road; a side street between two ways to it."""
    mx, my = ground.middle
    places = {
        "markt": [(-100, -100), (100, -100)], "west": [(-200, 100), (0, 100)], "mid": [(0, 100), (60, 100)],
        "east": [(60, 100), (260, 100)], "up": [(0, 100), (0, 160)], "side": [(0, 160), (60, 160)],
        "down": [(60, 160), (60, 100)],
    }  # fmt: skip
    main = ("west", "mid", "east")
    return [
        Segment(
            segment_id=f"test:{ground.town}:{name}", axis=LineString([(mx + x, my + y) for x, y in line]),
            start_node=f"{ground.town}:{line[0]}", end_node=f"{ground.town}:{line[1]}",
            road_class="kreisstrasse" if name in main else "gemeindestrasse", source_id=f"{ground.town}:{name}",
            modes=frozenset({"car", "foot"}), carriageway_width_m=6.0, footway_width_left_m=3.0,
            footway_width_right_m=0.0, width_source="measured", carriageway_width_source="measured",
            footway_width_left_source="measured", footway_width_right_source="measured",
        )
        for name, line in places.items()
    ]  # fmt: skip


def rivals_of(ground: Ground, session: Session) -> list[Rivals]:
    """Everything that is going to be wanted in one town."""
    town, found = ground.town, []
    for i in range(10):  # two grants over each other
        deeds = tuple(ground.file(session, ground.rect(20 * i + 2 * k, k)) for k in (0, 1))
        found.append(Rivals(town, deeds, 1, "K01"))
    for i in range(26):  # two new sites over each other, at once: nobody has found the other before
        deeds = tuple(ground.new_site(ground.rect(20 * (i % 13) + k, 15 + 15 * (i // 13))) for k in (0, 1))
        found.append(Rivals(town, deeds, 1, "K01"))
    for i in range(5):  # a site that grows into a place that is granted
        small = ground.site(ground.rect(20 * i, 50))
        save_site(session, small, as_of=datetime.now(UTC))
        larger = replace(small, area=ground.rect(20 * i, 50, w=10))
        grow = lambda again, site=larger: save_site(again, site, as_of=datetime.now(UTC))  # noqa: E731
        found.append(Rivals(town, (grow, ground.file(session, ground.rect(20 * i + 6, 50))), 1, "K01"))
    for i in range(5):  # a granted event over a grant
        area = ground.rect(20 * i, 65)
        found.append(Rivals(town, (ground.event(area), ground.file(session, area)), 1, "K18"))
    for i in range(4):  # 3 m of footway: any two leave 1.45 m somewhere, all three 0.95 m twice
        bites = ((0.0, 0.5), (1.45, 0.1), (2.5, 0.5))
        deeds = tuple(ground.new_site(ground.rect(-80 + 40 * i, -97 + y, w=3, h=h)) for y, h in bites)
        found.append(Rivals(town, deeds, 2, "K04"))
    across = (ground.rect(-4, 125, w=8, h=6), ground.rect(56, 125, w=8, h=6))
    closures = tuple(ground.new_site(area, restriction="full_closure") for area in across)
    found.append(Rivals(town, closures, 1, "K14"))
    return found


@dataclass
class Storm:
    rivals: list[Rivals]
    engine: Engine
    database: Database

    def rage(self) -> dict[int, int]:
        """Everybody at once; how many of each rivals succeeded. A deadlock is a failure as good as a refusal."""
        order = list(range(len(self.rivals)))
        random.Random(1).shuffle(order)
        wanted = [(i, deed) for i in order for deed in self.rivals[i].deeds]
        assert len(wanted) >= 200

        def attempt(one: tuple[int, Deed]) -> tuple[int, bool]:
            i, deed = one
            with Session(self.engine) as session:
                speak_as(session, actor="clerk", town=self.rivals[i].town)
                try:
                    deed(session)
                except (Rejected, DBAPIError):
                    return i, False
                session.commit()
            return i, True

        outcome = dict.fromkeys(order, 0)
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            for i, succeeded in pool.map(attempt, wanted):
                outcome[i] += succeeded
        return outcome

    def screening(self) -> list[tuple[str, str]]:
        """Every finding made anew; what blocks something binding, and nobody has overridden it."""
        with operator_session(self.engine) as session:
            works = [recompute_town(session, town, reason="rules") for town in (*TOWNS, OUTSIDE)]
        for work_id in works:
            assert work_id is None or work_off(self.engine, work_id, now=lambda: datetime.now(UTC))
        with operator_session(self.engine) as session:
            return [(row.number, row.severity) for row in session.execute(text(BLOCKED))]

    def overlaps(self) -> int:
        """The same for K01, without any code of the rules."""
        with owner_session(self.database) as owner:
            return int(owner.execute(text(OVERLAPS)).scalar_one())


@pytest.fixture
def storm(town_database: Database) -> Iterator[Storm]:
    engine = town_database.app_engine(pool_size=CONNECTIONS)
    middle = text(
        "SELECT ST_X(p) AS x, ST_Y(p) AS y FROM town, ST_PointOnSurface(boundary) AS p WHERE ags = :ags"
    )
    rivals: list[Rivals] = []
    with operator_session(engine) as session:
        grounds = [
            Ground(ags, tuple(session.execute(middle, {"ags": ags}).one()))  # type: ignore[arg-type]
            for ags in TOWNS
        ]
        save_segments(session, [each for ground in grounds for each in roads_of(ground)], "test")
    with Session(engine) as session, session.begin():
        for ground in grounds:
            speak_as(session, actor="clerk", town=ground.town)
            rivals += rivals_of(ground, session)
    yield Storm(rivals, engine, town_database)
    engine.dispose()


def test_nothing_binding_stands_over_a_block(storm: Storm) -> None:
    known = {rule.number for rule in rulebook().rules}
    outcome = storm.rage()
    for i, rivals in enumerate(storm.rivals):
        if rivals.rule in known:
            # Of the rivals as many succeed as there is room for, no fewer.
            assert outcome[i] == rivals.at_most, (rivals.rule, rivals.town, i)
    assert storm.overlaps() == 0
    assert storm.screening() == []


def test_without_the_lock_the_same_storm_breaks_it(storm: Storm, monkeypatch: pytest.MonkeyPatch) -> None:
    for lock in ("_LOCK", "_LOCK_NEAR"):
        monkeypatch.setattr(binding_lock, lock, text("SELECT 1"))
    storm.rage()
    assert storm.overlaps() > 0
    assert ("K01", "block") in storm.screening()
