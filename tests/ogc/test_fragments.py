"""The stored feature says what its row says: every row, every property, after edits of all kinds."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.rows import dict_row
from shapely.geometry import shape

from geo_service.db.database import Database
from geo_service.db.local_cluster import LocalCluster
from geo_service.ogc.collection import COLLECTIONS, Collection
from geo_service.ogc.pieces import expression
from geo_service.ogc.properties import QUERYABLES, returnables
from tests.conftest import clone
from tests.ogc.rows import ODD_NAMES, insert_rows

# Assignments that hold for any row; the dice choose which rows.
EDITS = {
    "road_segments": [
        "street_name = %(name)s", "axis = ST_Translate(axis, 3.5, -2.25)", "carriageway_width_m = 6.125",
        "one_way = 'forward'", "modes = '{foot,bus}'", "in_service = NOT in_service", "max_speed_kmh = NULL",
        "road_class = 'landesstrasse'", "axis = ST_Reverse(axis)", "surface_completed_on = '2026-02-03'",
    ],
    "construction_sites": [
        "title = %(name)s", "area = NULL", "period = NULL", "period = '[2026-03-28 23:00Z,)'", "takes = '{gehweg}'",
        "state = 'cancelled'", "state = 'active'", "area = ST_Translate(area, 0.0001, 7)", "client = %(name)s",
        "area = ST_Collect(ST_Envelope(area), ST_SetSRID(ST_MakePoint(478000, 5500000), 25832))", "excavation = true", "utility = 7",
    ],
    "events": ["title = %(name)s", "area = NULL", "period = NULL", "state = 'cancelled'", "restriction = 'full_closure'"],
    "detours": ["title = %(name)s", "way = NULL", "modes = '{}'", "belongs_to = gen_random_uuid()", "state = 'ended'"],
    "permits": ["reference = %(name)s", "area_m2 = 1.005", "status = 'ended'", "period = '[2026-10-24 22:00Z,2026-10-25 23:00Z)'"],
    "towns": ["name = %(name)s", "boundary = ST_Multi(ST_Buffer(boundary, 10))", "accepts_requests = false"],
}  # fmt: skip


@pytest.fixture(scope="module")
def edited(cluster: LocalCluster, template: str) -> Iterator[Database]:
    """Rows of every collection, each changed up to four times, some deleted."""
    dice = random.Random(11)
    for database in clone(cluster, template):
        insert_rows(database, roads=400, sites=120, events=40, detours=30, permits=25)
        with psycopg.connect(database.owner_conninfo()) as owner:
            owner.execute("SELECT set_config('app.actor', 'operator', true)")
            for name, edits in EDITS.items():
                table = sql.Identifier(COLLECTIONS[name].table)
                (rows,) = owner.execute(sql.SQL("SELECT array_agg(gid) FROM {}").format(table)).fetchone()
                for edit in edits * 2:
                    some = [gid for gid in rows if dice.random() < 0.2] or rows
                    text = sql.SQL("UPDATE {} SET {} WHERE gid = ANY(%(some)s)").format(table, sql.SQL(edit))
                    owner.execute(text, {"name": dice.choice(ODD_NAMES), "some": some})
                if name != "towns":
                    owner.execute(sql.SQL("DELETE FROM {} WHERE gid %% 17 = 3").format(table), {})
        yield database


def rows_of(database: Database, one: Collection, fragment: str, srid: int) -> list[dict[str, Any]]:
    """Every row: its stored feature, and each property and the geometry as said by the columns themselves."""
    columns = [
        sql.SQL("{} AS {}").format(sql.SQL(expression(each)), sql.Identifier(each.name))
        for each in QUERYABLES[one.id].values()
        if each.kind != "geometry"
    ]
    text = sql.SQL(
        "SELECT {columns}, {fragment} AS fragment,"
        " ST_AsGeoJSON(ST_ForcePolygonCCW(ST_Transform({geometry}, {srid})), 15, 0) AS geometry FROM {table}"
    ).format(
        columns=sql.SQL(", ").join(columns), fragment=sql.Identifier(fragment), srid=sql.Literal(srid),
        geometry=sql.Identifier(one.geometry), table=sql.Identifier(one.table),
    )  # fmt: skip
    with psycopg.connect(database.app_conninfo(), row_factory=dict_row) as connection:
        return connection.execute(text).fetchall()


def as_published(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return value.isoformat() if isinstance(value, date) else value


@pytest.mark.parametrize(("fragment", "srid"), [("fragment_crs84", 4326), ("fragment_25832", 25832)])
@pytest.mark.parametrize("name", COLLECTIONS)
def test_every_stored_feature_is_its_row(edited: Database, name: str, fragment: str, srid: int) -> None:
    one = COLLECTIONS[name]
    with psycopg.connect(edited.app_conninfo()) as connection:
        labels = {
            (code[0], code[1]): code[2:]
            for code in connection.execute("SELECT list, code, de, en FROM code_label")
        }
    rows = rows_of(edited, one, fragment, srid)
    assert rows
    for row in rows:
        feature = json.loads(row["fragment"])
        properties = feature["properties"]
        assert set(properties) == set(returnables(one)), name
        assert feature["id"] == row["id"]
        assert (feature["geometry"] is None) == (row["geometry"] is None)
        if row["geometry"]:
            said, there = shape(feature["geometry"]), shape(json.loads(row["geometry"]))
            assert said.is_valid or not there.is_valid
            assert said.hausdorff_distance(there) < (1e-7 if srid == 4326 else 1e-3)
        for each in QUERYABLES[name].values():
            if each.name in ("id", "geometry"):
                continue
            assert properties[each.name] == as_published(row[each.name]), (each.name, row["id"])
            if each.codes:
                said = (properties[f"{each.name}_label_de"], properties[f"{each.name}_label_en"])
                assert said == labels.get((each.codes, row[each.name]), (None, None))
