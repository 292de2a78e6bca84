"""`sortby` and its cursor: a page begins behind the values of the last feature, not at a number."""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import orjson

from geo_service.ogc.answers import fingerprint
from geo_service.ogc.collection import Collection
from geo_service.ogc.faults import malformed
from geo_service.ogc.moment import read_instant
from geo_service.ogc.pieces import Condition, Values, expression, piece
from geo_service.ogc.properties import QUERYABLES, Property

Value = str | None

MAX_KEYS = 5
# What a cursor belongs to besides its collection; these may not change from page to page.
BINDING = ("filter", "filter-lang", "filter-crs", "q", "sortby")


@dataclass(frozen=True, slots=True)
class SortKey:
    """One property of the order."""

    by: Property
    downwards: bool

    @property
    def text(self) -> str:
        """What is compared: texts in the order of a German dictionary."""
        plain = expression(self.by)
        return piece("sorted_text", a=plain) if self.by.kind == "text" else plain


def read_order(collection: Collection, text: str) -> tuple[SortKey, ...]:
    """`sortby`: names with commas between them, + or - before each. Raises Malformed."""
    keys: list[SortKey] = []
    for part in text.split(","):
        sign = part[:1]
        name = part[1:] if sign in ("+", "-", " ") else part  # a + in a query reads as a space
        found = QUERYABLES[collection.id].get(name)
        if found is None or not found.sortable:
            raise malformed("sortby", f"{name[:60]!r} is not a property to sort {collection.id} by.")
        if any(key.by.name == name for key in keys):
            raise malformed("sortby", f"{name[:60]!r} is given twice.")
        keys.append(SortKey(found, sign == "-"))
    if len(keys) > MAX_KEYS:
        raise malformed("sortby", f"At most {MAX_KEYS} properties.")
    return tuple(keys)


def order_text(order: tuple[SortKey, ...]) -> str:
    """The ORDER BY of an order; gid makes it total."""
    parts = [piece("downwards" if key.downwards else "upwards", a=key.text) for key in order]
    return ", ".join([*parts, "gid"])


def behind(order: tuple[SortKey, ...], values: tuple[Value, ...]) -> Condition:
    """Rows behind the one with these values and the bound gid `after`."""
    bound = Values("last_")
    condition = piece("behind_row").replace(":after", "%(after)s")
    for key, value in reversed(list(zip(order, values, strict=True))):
        here = bound.bind(key.by.kind, value)
        condition = piece("and", a=piece("same", a=key.text, b=here), b=condition)
        if value is not None:
            further = piece("behind_downwards" if key.downwards else "behind_upwards", a=key.text, b=here)
            condition = piece("or", a=further, b=condition)
    return Condition(condition, bound.bound)


def as_cursor_values(values: list[Any]) -> tuple[Value, ...]:
    """What the database says a feature is ordered by, as texts it reads again."""
    return tuple(
        None if value is None else str(value).lower() if isinstance(value, bool) else str(value)
        for value in values
    )


def binding_of(collection_id: str, bound: Mapping[str, str]) -> str:
    """Short name of what a cursor belongs to."""
    return fingerprint(collection_id.encode(), orjson.dumps(sorted(bound.items())))


def write_bound_cursor(binding: str, gid: int, values: list[Value]) -> str:
    """Where the next page begins: behind the feature with this gid and these values."""
    return base64.urlsafe_b64encode(orjson.dumps([binding, gid, *values])).decode().rstrip("=")


def read_bound_cursor(
    binding: str, order: tuple[SortKey, ...], cursor: str
) -> tuple[int, tuple[Value, ...] | None]:
    """The gid and the values behind which the page begins. Raises Malformed."""
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        found: Any = orjson.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (UnicodeError, binascii.Error, orjson.JSONDecodeError):
        found = None
    if not isinstance(found, list) or len(found) < 2 or not isinstance(found[1], int):
        raise malformed("cursor", "This is not a cursor of this service for this filter and order.")
    own, gid, *values = found
    if own != binding or len(values) != len(order):
        raise malformed("cursor", "This cursor belongs to another collection, filter or order.")
    if not 0 <= gid < 10**18 or not all(_is_value(key, one) for key, one in zip(order, values, strict=True)):
        raise malformed("cursor", "This is not a cursor of this service for this filter and order.")
    return gid, tuple(values) if order else None


def _is_value(key: SortKey, value: Any) -> bool:  # noqa: PLR0911 - by kind of value
    """True if the database can read the value as one of this property."""
    if value is None:
        return True
    if not isinstance(value, str) or "\0" in value:
        return False
    try:
        match key.by.kind:
            case "number":
                return math.isfinite(float(value)) and "_" not in value
            case "boolean":
                return value in ("true", "false")
            case "date":
                return bool(date.fromisoformat(value))
            case "instant":
                return bool(read_instant(value))
            case _:
                return True
    except (ValueError, OverflowError):
        return False
