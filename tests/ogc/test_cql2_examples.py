"""The filters of the CQL2 standard's examples: read as the packaged parser reads them, and run as declared."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import cql2
import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo_service.db.local_cluster import LocalCluster
from geo_service.ogc import filter_sql
from geo_service.ogc.collection import COLLECTIONS, CRS84
from geo_service.ogc.cql2_text import NotCql2, parse_text
from geo_service.ogc.filter_sql import compile_filter
from geo_service.ogc.properties import Property
from tests.conftest import clone
from tests.ogc.cql2_examples import EXAMPLES

# The properties of the examples by kind, and the type of the column behind each.
PROPERTIES = {
    "text": "city geophys:SURVEY_NAME name cityName road_class etat_vol landsat:scene_id eo:instrument beamMode swathDirection"
    " polarization owner material id",
    "number": "balance depth category credit vehicle_height bridge_clearance eo:cloud_cover landsat:wrs_row landsat:wrs_path"
    " floors taxes value field foo windSpeed population",
    "boolean": "swimming_pool",
    "date": "updated built",
    "instant": "event_time touchdown liftOff starts_at ends_at updated_at",
    "list": "layer:ids values",
    "geometry": "geom road footprint location",
}
TYPES = {"text": "text", "number": "double precision", "boolean": "boolean", "date": "date", "instant": "timestamptz", "list": "text[]", "geometry": "geometry(Geometry, 25832)"}  # fmt: skip
KINDS = {name: kind for kind, names in PROPERTIES.items() for name in names.split()}
EXAMPLE = replace(COLLECTIONS["events"], id="example", table="example")


@pytest.fixture(scope="module")
def connection(cluster: LocalCluster, template: str) -> Iterator[psycopg.Connection]:
    """A connection of the application's role to a table with the properties of the examples, one row in it."""
    columns = ", ".join(f'"{name}" {TYPES[kind]}' for name, kind in KINDS.items())
    for database in clone(cluster, template):
        with psycopg.connect(database.owner_conninfo()) as owner:
            owner.execute(f"CREATE TABLE example ({columns})")
            owner.execute(
                "INSERT INTO example (city, value, foo, geom) VALUES ('Toronto', 12, 10, 'SRID=25832;POINT(400000 5500000)')"
            )
            owner.execute("GRANT SELECT ON example TO geo_service_app")
        with psycopg.connect(database.app_conninfo(), autocommit=True) as connection:
            assert connection.execute("SELECT current_user").fetchone() == ("geo_service_app",)
            yield connection


@pytest.fixture(autouse=True)
def example_collection(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {name: Property(name, kind, name) for name, kind in KINDS.items()}  # type: ignore[arg-type]
    monkeypatch.setattr(filter_sql, "QUERYABLES", MappingProxyType({"example": known}))


def _flat(node: Any) -> Any:
    """The packaged parser takes (a OR b) OR c as one."""
    if isinstance(node, list):
        return [_flat(one) for one in node]
    if not isinstance(node, dict):
        return node
    node = {key: _flat(value) for key, value in node.items()}
    if node.get("op") in ("and", "or"):
        node["args"] = [
            part
            for one in node["args"]
            for part in (one["args"] if isinstance(one, dict) and one.get("op") == node["op"] else [one])
        ]
    return node


@pytest.mark.parametrize("name", EXAMPLES)
def test_both_parsers_read_the_same(name: str) -> None:
    text, _ = EXAMPLES[name]
    assert _flat(parse_text(text)) == _flat(cql2.parse_text(text).to_json())


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_runs_as_declared(connection: psycopg.Connection, name: str) -> None:
    text, declared = EXAMPLES[name]
    for node in (parse_text(text), cql2.parse_text(text).to_json()):
        if declared == "refused":
            with pytest.raises(NotCql2, match=r"is not offered|queryable"):
                compile_filter(node, EXAMPLE, CRS84)
            continue
        condition = compile_filter(node, EXAMPLE, CRS84)
        row = connection.execute(
            f"SELECT count(*) FROM example WHERE {condition.text}", condition.values
        ).fetchone()
        assert row is not None
        assert row[0] in (0, 1)


@pytest.mark.parametrize(
    ("name", "found"),
    [("clause6_02a", 1), ("example67", 1), ("example68", 0), ("example30", 1), ("example36", 0), ("example35", 1), ("example72", 1),
     ("example39", 0), ("example46", 0), ("example53", 1), ("example-s_disjoint", 1), ("example-s_intersects", 0)],
)  # fmt: skip
def test_an_example_finds_the_row_or_not(connection: psycopg.Connection, name: str, found: int) -> None:
    condition = compile_filter(parse_text(EXAMPLES[name][0]), EXAMPLE, CRS84)
    row = connection.execute(
        f"SELECT count(*) FROM example WHERE {condition.text}", condition.values
    ).fetchone()
    assert row == (found,)


def test_the_examples_are_as_many_as_they_say() -> None:
    assert len(EXAMPLES) == 114
    assert sum(declared == "refused" for _, declared in EXAMPLES.values()) == 5


@pytest.mark.parametrize(
    "text",
    ["(" * 4000, "(" * 30 + "a=" + ")" * 30, "not " * 2000 + "a", "a=" + "-" * 8000 + "1", "a in (" * 1300, "f(" * 4000, "a=" + "1+" * 4000,
     "GEOMETRYCOLLECTION(" * 400, "'" * 8001, "\\" * 8000, " " * 8000, "a like '" + "\\'" * 4000],
)  # fmt: skip
def test_a_text_that_does_not_parse_costs_no_time(text: str) -> None:
    start = time.process_time()
    with pytest.raises(NotCql2):
        parse_text(text)
    assert time.process_time() - start < 0.5


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(["a", "1", "'x'", "(", ")", ",", "=", "<", "and", "or", "not", "in", "like", "between", "is", "null", "+", "-", "^", "casei(", "s_intersects(", "point(1 2)", "bbox(1,2,3,4)", "interval(", "date('2020-01-01')", "\"b\"", "'..'"]), max_size=12))  # fmt: skip
def test_whatever_is_written_is_read_or_refused(parts: list[str]) -> None:
    text = " ".join(parts)
    try:
        node = parse_text(text)
        compile_filter(node, EXAMPLE, CRS84)
    except NotCql2:
        pass
