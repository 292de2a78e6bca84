"""The statements use the indexes, as the application's role, with and without values known at planning."""

from __future__ import annotations

import psycopg
import pytest

from geo_service.db.database import Database
from geo_service.ogc.collection import COLLECTIONS, CRS84
from geo_service.ogc.parameters import ItemsQuery, read_items_query
from geo_service.ogc.reading import bound_values, conditions_of, statement

SPATIAL_INDEX = {
    "road_segments": "road_segment_axis_gist",
    "construction_sites": "construction_site_area_gist",
    "permits": "published_permit_area_gist",
    "events": "event_area_gist",
    "detours": "detour_way_gist",
    "towns": "town_boundary_gist",
}
BOUNDS_INDEX = {"road_segments": "road_segment_bounds_gist", "permits": "published_permit_bounds_gist"}
GID_INDEX = {name: f"{one.table}_gid_unique" for name, one in COLLECTIONS.items()} | {
    "road_segments": "road_segment_gid_pkey"
}


def plan_of(database: Database, name: str, statement_name: str, query: ItemsQuery, mode: str) -> str:
    collection = COLLECTIONS[name]
    text = statement(statement_name, collection, CRS84, conditions_of(collection, query))
    with psycopg.connect(database.app_conninfo()) as connection:
        connection.execute("SET enable_seqscan = off")
        connection.execute(f"SET plan_cache_mode = {mode}")
        rows = connection.execute("EXPLAIN " + text, bound_values(collection, query), prepare=True)
        return "\n".join(row[0] for row in rows)


@pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
@pytest.mark.parametrize("name", [name for name in COLLECTIONS if name not in BOUNDS_INDEX])
@pytest.mark.parametrize("statement_name", ["page_in_area", "hits_in_area"])
def test_an_area_is_found_by_the_spatial_index(
    filled_database: Database, name: str, statement_name: str, mode: str
) -> None:
    query = read_items_query(name, {"bbox": "8.60,49.60,8.61,49.61", "limit": "10"})
    plan = plan_of(filled_database, name, statement_name, query, mode)
    assert f"on {SPATIAL_INDEX[name]}" in plan or f"using {SPATIAL_INDEX[name]}" in plan, plan
    geometry = COLLECTIONS[name].geometry
    assert f"Index Cond: ({geometry} && " in plan, plan
    assert "Seq Scan" not in plan, plan


@pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
@pytest.mark.parametrize("name", BOUNDS_INDEX)
@pytest.mark.parametrize("statement_name", ["page_in_area", "hits_in_area"])
def test_what_a_page_of_a_large_collection_has_is_read_from_an_index_alone(
    filled_database: Database, name: str, statement_name: str, mode: str
) -> None:
    query = read_items_query(name, {"bbox": "8.60,49.60,8.61,49.61", "limit": "10"})
    with psycopg.connect(filled_database.owner_conninfo(), autocommit=True) as owner:
        owner.execute("VACUUM road_segment, published_permit")  # as the server does by itself after a while
    plan = plan_of(filled_database, name, statement_name, query, mode)
    assert f"Index Only Scan using {BOUNDS_INDEX[name]}" in plan, plan
    assert "Index Cond: (bounds && " in plan, plan
    assert f"Index Scan using {GID_INDEX[name]}" in plan, plan  # features at the rim, one by one
    assert "Seq Scan" not in plan, plan


@pytest.mark.parametrize("name", ["road_segments", "events", "towns"])
def test_pages_without_an_area_walk_along_the_key(filled_database: Database, name: str) -> None:
    query = read_items_query(name, {"limit": "10"})
    plan = plan_of(filled_database, name, "page_in_order", query, "force_generic_plan")
    assert f"Index Scan using {GID_INDEX[name]}" in plan, plan
    assert "Index Cond: (gid >" in plan, plan
