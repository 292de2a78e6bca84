"""`filter` and `q`: from what a client writes to conditions with bound values."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, reduce
from typing import Any

import orjson

from geo_service.ogc.collection import CRS84, Collection
from geo_service.ogc.cql2_text import NotCql2, parse_text
from geo_service.ogc.faults import malformed
from geo_service.ogc.filter_sql import compile_filter
from geo_service.ogc.pieces import Condition, Values, expression, piece
from geo_service.ogc.properties import QUERYABLES

# cql-text is what drafts called the same; GDAL up to 3.12 knows no other name.
FILTER_LANGUAGES = ("cql2-text", "cql2-json", "cql-text")
MAX_FILTER_BYTES = 8_192
MAX_TERMS = 10
MAX_TERM = 100


def read_filter(collection: Collection, text: str, language: str, crs: str) -> Condition:
    """The condition a filter stands for. Raises Malformed naming `filter`."""
    if len(text.encode()) > MAX_FILTER_BYTES:
        raise malformed("filter", f"The filter is longer than {MAX_FILTER_BYTES} bytes.")
    if "\0" in text or "\\u0000" in text:
        raise malformed("filter", "The filter holds the character U+0000.")
    try:
        node = orjson.loads(text) if language == "cql2-json" else parse_text(text)
        return compile_filter(node, collection, crs)
    except orjson.JSONDecodeError:
        raise malformed("filter", "This is not JSON.") from None
    except NotCql2 as error:
        raise malformed("filter", str(error)) from None


def read_equalities(collection: Collection, given: Mapping[str, str]) -> list[Condition]:
    """Queryables as parameters, `state=confirmed`: a condition each. Raises Malformed naming one."""
    found: list[Condition] = []
    for name in equality_names(collection):
        if name not in given:
            continue
        try:
            value = _as_literal(QUERYABLES[collection.id][name].kind, given[name])
            node = {"op": "=", "args": [{"property": name}, value]}
            found.append(compile_filter(node, collection, CRS84, f"equal_{len(found)}_"))
        except (NotCql2, ValueError) as error:
            raise malformed(name, str(error)) from None
    return found


@cache
def equality_names(collection: Collection) -> tuple[str, ...]:
    """Queryables that can be parameters: those with one value."""
    return tuple(one.name for one in QUERYABLES[collection.id].values() if one.sortable)


def _as_literal(kind: str, text: str) -> Any:
    if "\0" in text:
        raise ValueError("The value holds the character U+0000.")
    if kind == "boolean":
        if text not in ("true", "false"):
            raise ValueError("true or false.")
        return text == "true"
    if kind == "number":
        try:
            return float(text) if len(text) < 40 else float("inf")
        except ValueError:
            raise ValueError("A number is needed.") from None
    return text


def read_search(collection: Collection, text: str) -> Condition:
    """`q`: terms with commas between them, one of which stands in a text of the feature. Raises Malformed."""
    terms = [term.strip() for term in text.split(",") if term.strip()]
    if not terms or len(terms) > MAX_TERMS or max(map(len, terms)) > MAX_TERM or "\0" in text:
        raise malformed("q", f"1 to {MAX_TERMS} terms of at most {MAX_TERM} characters are needed.")
    texts = [expression(one) for one in QUERYABLES[collection.id].values() if one.searched]
    values = Values("search_")
    if not texts:
        return Condition(piece("nothing"), {})
    whole = piece("folded", a="(" + reduce(lambda a, b: piece("searched_text", a=a, b=b), texts) + ")")
    found = [piece("searched", a=whole, b=piece("folded", a=values.bind("text", term))) for term in terms]
    return Condition(reduce(lambda a, b: piece("or", a=a, b=b), found), values.bound)
