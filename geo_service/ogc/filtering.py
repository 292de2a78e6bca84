"""`filter` and `q`: from what a client writes to conditions with bound values."""

from __future__ import annotations

from functools import reduce

import orjson

from geo_service.ogc.collection import Collection
from geo_service.ogc.cql2_text import NotCql2, parse_text
from geo_service.ogc.faults import malformed
from geo_service.ogc.filter_sql import compile_filter
from geo_service.ogc.pieces import Condition, Values, expression, piece
from geo_service.ogc.properties import QUERYABLES

FILTER_LANGUAGES = ("cql2-text", "cql2-json")
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
