"""What a feature of a tile says."""

from __future__ import annotations

from psycopg import sql

from geo_service.ogc.collection import Collection
from geo_service.ogc.pieces import expression
from geo_service.ogc.properties import QUERYABLES, Property

_LEFT_OUT = ("length_m", "area_m2", "carriageway_width_m", "width_source")


def drawn_properties(one: Collection) -> tuple[Property, ...]:
    """What a feature of a tile says: its id and what a table of the collection shows.

    Values that differ from feature to feature are most of a tile's bytes and half its time, so there are few.
    """
    return tuple(QUERYABLES[one.id][name] for name in ("id", *one.columns) if name not in _LEFT_OUT)


def _in_a_tile(one: Property) -> str:
    """A value of a kind that tiles know."""
    if one.kind in ("date", "instant"):
        return f"({expression(one)})::text"
    return f"array_to_string({expression(one)}, ',')" if one.kind == "list" else expression(one)


def drawn_columns(one: Collection) -> str:
    """The same as columns of a SELECT."""
    columns = [
        sql.SQL("{} AS {}").format(sql.SQL(_in_a_tile(each)), sql.Identifier(each.name))
        for each in drawn_properties(one)
    ]
    return sql.SQL(", ").join(columns).as_string(None)
