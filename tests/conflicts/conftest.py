"""Scenes in a caseworker's words: metres from a fixed point, civil days, states."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import NAMESPACE_OID, uuid4, uuid5

import pytest
from shapely.affinity import translate
from shapely.geometry import LineString, Polygon, box
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from geo_service.conflicts.catalogue import Catalogue, catalogue_of, rulebook
from geo_service.conflicts.check import CheckQuestion, CheckResult, check_with
from geo_service.db.database import Database, speak_as
from geo_service.db.local_cluster import LocalCluster
from geo_service.interval import TOWN_ZONE, Interval, midnight
from geo_service.occupations.locate import locate
from geo_service.occupations.match_detour import match_detour
from geo_service.occupations.occupation import Occupation
from geo_service.occupations.recurrence import Recurrence, expand
from geo_service.occupations.states import standing_of
from geo_service.occupations.use_types import use_types
from geo_service.occupations.write_occupation import save_occupation
from tests.conflicts.network_calls import Net
from tests.conflicts.rule_cases import FILES, cases_of
from tests.conftest import clone

EAST, NORTH = 470_000.0, 5_505_000.0
TODAY = date(2026, 5, 1)
STATED = ("remaining_carriageway_m", "remaining_footway_m", "pedestrian_guidance", "cycle_guidance")
AS_OF = datetime(2026, 5, 1, 10, 0, tzinfo=TOWN_ZONE)


def place(words: dict[str, Any]) -> BaseGeometry:
    """rect: [x, y, width, depth] or polygon: [[x, y], …], metres from the fixed point."""
    if "polygon" in words:
        return translate(Polygon(words["polygon"]), EAST, NORTH)
    x, y, width, depth = words.get("rect", [0, 0, 10, 4])
    return box(EAST + x, NORTH + y, EAST + x + width, NORTH + y + depth)


def way(points: list[list[float]] | None) -> BaseGeometry | None:
    """[[x, y], …], metres from the fixed point."""
    return None if points is None else translate(LineString(points), EAST, NORTH)


def period(words: dict[str, Any]) -> Interval:
    if "instants" in words:
        return Interval(*(moment and datetime.fromisoformat(moment) for moment in words["instants"]))
    first, last = words.get("days", [date(2026, 6, 1), date(2026, 6, 14)])
    return Interval(midnight(first), None) if last is None else Interval.of_days(first, last)


def each_day(words: dict[str, Any]) -> list[dict[str, Any]]:
    """`each_day: [first, last]`: one occupation for every day of these; else the one in the words."""
    if "each_day" not in words:
        return [words]
    first, last = words["each_day"]
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return [{**words, "days": [day, day]} for day in days]


def pattern(words: dict[str, Any], whole: Interval) -> tuple[Interval, ...] | None:
    every = words.get("every")
    if every is None:
        return None
    hours = [
        None if moment is None else time.fromisoformat(moment) for moment in every.get("hours", [None, None])
    ]
    weekdays = frozenset(every.get("weekdays", []))
    return expand(Recurrence(weekdays=weekdays, from_time=hours[0], until_time=hours[1]), whole)


def occupation(words: dict[str, Any], *, state: str) -> Occupation:
    """An occupation with what the words say; scaffold, 1.–14. June, nothing taken where they are silent."""
    collection = words.get("collection", "permits")
    standing = standing_of(collection, words.get("state", state))
    use = use_types()[words.get("use", "geruest")]
    whole = period(words)
    low, high = words.get("heights", [None, None])
    takes = words.get("takes", [])
    source = uuid4()
    area = None if collection == "detours" else place(words)
    return Occupation(
        collection=collection,
        source_id=source,
        case_group=uuid5(NAMESPACE_OID, words["case"]) if "case" in words else source,
        state=words.get("state", state),
        counts=standing.counts,
        binding=standing.binding,
        published=standing.published,
        period=whole,
        recurrence=pattern(words, whole),
        exclusive=words.get("exclusive", use.exclusive),
        filed_at=datetime.combine(words.get("filed", TODAY), time(10), tzinfo=TOWN_ZONE).astimezone(UTC),
        label=words.get("label", use.de),
        use_type=use.code if collection == "permits" else None,
        area=area,
        area_m2=None if area is None else area.area,
        area_declared_m2=words.get("declared_m2"),
        detour=way(words.get("detour")),
        detour_modes=frozenset(words.get("detour_for", ["car"])),
        party=uuid5(NAMESPACE_OID, words["party"]) if "party" in words else None,
        height_from_m=low,
        height_to_m=high,
        restriction=words.get("restriction", "none"),
        takes=None if takes in ("unknown", "as_drawn") else frozenset(takes),
        excavation=words.get("excavation", use.digs),
        utility=words.get("utility"),
        closed_segments=tuple(words.get("closed_segments", [])),
        consents=frozenset(words.get("consents", [])),
        traffic_order_period=Interval.of_days(*words["order"]) if "order" in words else None,
        traffic_order_area=place({"rect": words["order_rect"]}) if "order_rect" in words else None,
        **{name: words[name] for name in STATED if name in words},
    )


@dataclass
class Scene:
    """One rolled-back session with occupations in it."""

    session: Session

    def store(self, words: dict[str, Any], *, state: str = "granted") -> int:
        return save_occupation(self.session, occupation(words, state=state))

    def set_takes_unknown(self, occupation_id: int) -> None:
        self.session.execute(
            text("UPDATE occupation SET takes = NULL WHERE occupation_id = :id"), {"id": occupation_id}
        )

    def forget_course(self, occupation_id: int) -> None:
        """As if its detour had never been matched to the streets."""
        self.session.execute(
            text(
                "UPDATE occupation SET detour_segments = NULL, detour_unmatched = NULL WHERE occupation_id = :id"
            ),
            {"id": occupation_id},
        )

    def check(
        self, words: dict[str, Any], found: Catalogue | None = None, as_of: datetime = AS_OF
    ) -> CheckResult:
        mine = occupation(words, state="submitted")
        if words.get("course") != "unknown":
            mine = match_detour(self.session, mine, day=TODAY)
        question = CheckQuestion(mine=mine, location=locate(self.session, mine.area, day=TODAY))
        return check_with(
            self.session, found or catalogue_of(rulebook(), (), None, TODAY), question, as_of=as_of
        )


@pytest.fixture(scope="module")
def engine_of_functions(cluster: LocalCluster, template: str) -> Iterator[Engine]:
    """One empty database for all tests of a file that only ask functions, and commit nothing."""
    for database in clone(cluster, template):
        engine = database.app_engine(pool_size=1)
        yield engine
        engine.dispose()


@pytest.fixture
def asking(engine_of_functions: Engine) -> Iterator[Session]:
    """A session as the operator in which functions are asked; rolled back."""
    with Session(engine_of_functions) as session:
        speak_as(session, actor="operator")
        yield session
        session.rollback()


@pytest.fixture
def net(asking: Session, scenery: Any) -> Net:
    """No street yet; the functions of the network can be asked."""
    return Net(asking, scenery)


@pytest.fixture
def scene(empty_session: Session) -> Scene:
    speak_as(empty_session, actor="operator")
    return Scene(empty_session)


def add_town(
    database: Database, *, ags: str, name: str, rect: list[float], accuracy_m: float = 100.0
) -> None:
    with database.owner_connection() as owner:
        owner.execute(
            "INSERT INTO town (ags, slug, name, kind, boundary, boundary_accuracy_m, attribution)"
            " VALUES (%(ags)s, lower(%(name)s), %(name)s, 'Stadt', ST_SetSRID(ST_GeomFromText(%(wkt)s), 25832), %(m)s, '')",
            {
                "ags": ags,
                "name": name,
                "wkt": f"MULTI{place({'rect': rect}).wkt}".replace("POLYGON ((", "POLYGON (((") + ")",
                "m": accuracy_m,
            },
        )
        owner.execute(
            "INSERT INTO town_piece SELECT ags, ST_Subdivide(boundary, 64) FROM town WHERE ags = %(ags)s",
            {"ags": ags},
        )


def add_road(session: Session, words: dict[str, Any]) -> None:
    """A segment; `nodes` are the junctions at its ends, by number, so that segments with the same one meet."""
    points = ", ".join(f"{EAST + x} {NORTH + y}" for x, y in words["line"])
    start_node, end_node = words.get("nodes", [None, None])
    session.execute(
        text(
            "INSERT INTO road_segment (segment_id, street_name, road_class, road_number, road_owner, axis, carriageway_width_m,"
            " footway_width_left_m, footway_width_right_m, cycleway_kind, cycleway_width_m, one_way, network_function,"
            " modes, in_service, width_source, carriageway_width_source, footway_width_left_source, source, source_id,"
            " start_node, end_node)"
            " VALUES (:id, :name, :class, :number, :owner, ST_SetSRID(ST_GeomFromText(:wkt), 25832), :width, :left, :right,"
            " :cycleway_kind, :cycleway, :one_way, :functions, :modes, :in_service, :source, :carriageway_source, :left_source,"
            " 'test', :id, :start_node, :end_node)"
        ),
        {
            "cycleway_kind": words.get("cycleway_kind"),
            "cycleway": words.get("cycleway"),
            "one_way": words.get("one_way", "no"),
            "functions": words.get("functions", []),
            "source": words.get("source", "tagged"),
            "carriageway_source": words.get("carriageway_source"),
            "left_source": words.get("left_source"),
            "id": words.get("id", str(uuid4())),
            "name": words.get("name"),
            "class": words.get("class", "gemeindestrasse"),
            "number": words.get("number"),
            "owner": words.get("owner"),
            "wkt": f"LINESTRING({points})",
            "width": words.get("carriageway", 6.0),
            "left": words.get("footways", [2.0, 2.0])[0],
            "right": words.get("footways", [2.0, 2.0])[1],
            "modes": words.get("modes", ["car", "bicycle", "foot"]),
            "in_service": words.get("in_service", True),
            "start_node": start_node,
            "end_node": end_node,
        },
    )
    if "bus_line" in words:
        add_bus_line(session, words["bus_line"])


def add_bus_line(session: Session, number: str) -> None:
    """A line of buses over the segment that was added last."""
    session.execute(
        text(
            "WITH line AS (INSERT INTO bus_route (line_number, road_source, road_lines, source, source_id)"
            " VALUES (:number, 'test', '{}', 'test', :number) RETURNING route_id)"
            " INSERT INTO bus_route_segment SELECT line.route_id, max(segment.gid) FROM line, road_segment AS segment"
            " GROUP BY line.route_id"
        ),
        {"number": number},
    )


# What each table of fixed objects holds beside its geometry; rows are given in a caseworker's words.
_PLACE_COLUMNS = {
    "facility": ("place", "kind, source, source_id"),
    "fire_area": ("place", "kind, source, source_id, cancelled_at"),
    "blackout": ("area", "blackout_id, title, period, recurrence, refuses, cancelled_at"),
    "no_dig_period": ("area", "title, period, source, cancelled_at"),
    "reinstatement": ("area", "reinstatement_id, title, accepted_on, cancelled_at"),
}


def add_place(session: Session, words: dict[str, Any]) -> str:
    """A fixed object: `object` names its table; point: [x, y], line, or rect and polygon as everywhere."""
    table, whole, key = words["object"], period(words), str(uuid4())
    spans = pattern(words, whole)
    shape = (
        f"POINT({EAST + words['point'][0]} {NORTH + words['point'][1]})" if "point" in words
        else translate(LineString(words["line"]), EAST, NORTH).wkt if "line" in words
        else place(words).wkt
    )  # fmt: skip
    values = {
        "kind": words.get("kind", "drive"),
        "source": "test",
        "source_id": words.get("id", key),
        "blackout_id": key,
        "reinstatement_id": key,
        "title": words.get("title", "Am Markt"),
        "period": whole.to_range(),
        "recurrence": None if spans is None else "{" + ",".join(span.to_range() for span in spans) + "}",
        "refuses": words.get("refuses", ["all"]),
        "accepted_on": words.get("accepted"),
        "cancelled_at": AS_OF if words.get("cancelled") else None,
    }
    casts = {"period": "tstzrange", "recurrence": "tstzmultirange"}
    geometry, columns = _PLACE_COLUMNS[table]
    names = columns.split(", ")
    holes = ", ".join(f"CAST(:{name} AS {casts[name]})" if name in casts else f":{name}" for name in names)
    session.execute(
        text(
            f"INSERT INTO {table} ({geometry}, town, {columns}) VALUES (ST_SetSRID(ST_GeomFromText(:shape), 25832),"
            f" coalesce(:town, (SELECT min(ags) FROM town)), {holes})"
        ),
        {"shape": shape, "town": words.get("town"), **{name: values[name] for name in names}},
    )
    return key


@pytest.fixture(scope="session")
def scenery() -> SimpleNamespace:
    """The builders of this file for tests whose databases live longer than one test."""
    return SimpleNamespace(
        Scene=Scene,
        add_town=add_town,
        add_road=add_road,
        add_place=add_place,
        occupation=occupation,
        each_day=each_day,
        fixed_point=(EAST, NORTH),
        place=place,
        today=TODAY,
        as_of=AS_OF,
    )


@pytest.fixture(scope="module")
def databases(cluster: LocalCluster, template: str, scenery: Any) -> Iterator[dict[str, Database]]:
    """One database for each file that has towns of its own, one for all others."""
    made: dict[str, Database] = {}
    for name in ("", *(name for name in FILES if "towns" in cases_of(name))):
        dbname = f"rules_{len(made)}"
        cluster.create_database(dbname, template=template)
        made[name] = cluster.database(dbname)
        for town in cases_of(name).get("towns", []) if name else []:
            scenery.add_town(made[name], **town)
    yield made
    for number in range(len(made)):
        cluster.drop_database(f"rules_{number}")


@pytest.fixture(scope="module")
def engines(databases: dict[str, Database]) -> Iterator[dict[str, Any]]:
    made = {name: database.app_engine() for name, database in databases.items()}
    yield made
    for engine in made.values():
        engine.dispose()
