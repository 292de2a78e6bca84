"""CQL2 text → the object that CQL2 JSON would be (OGC 21-065r2, annex B).

A parser of our own: the maintained one (`cql2`, a PEG) walks back over every open parenthesis of a text that
does not parse, and twenty of them keep a processor busy for minutes. Here time grows with the length
only, and nesting is limited before it is entered. The tests hold it against that package, filter by filter.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

MAX_DEPTH = 32  # of Python frames there are some seventeen a level

Json = Any

SPATIAL = frozenset(
    f"s_{name}"
    for name in (
        "intersects", "equals", "disjoint", "touches", "within", "overlaps", "crosses", "contains",
    )
)  # fmt: skip
ARRAY = {
    "a_equals": "a_equals",
    "a_contains": "a_contains",
    "a_containedby": "a_containedBy",
    "a_overlaps": "a_overlaps",
}
_SPELLING = ARRAY | {
    name.lower(): name
    for name in ("t_finishedBy", "t_metBy", "t_overlappedBy", "t_startedBy")
}  # fmt: skip
_TOKEN = re.compile(
    r"""\s*(?:
        (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
      | (?P<text>'(?:[^'\\]|''|\\'|\\(?!'))*')
      | (?P<quoted>"(?:[^"]|"")*")
      | (?P<word>[^\W\d][\w.:]*)
      | (?P<sign><>|<=|>=|[-=<>+*/^%(),])
    )""",
    re.VERBOSE,
)
_RESERVED = frozenset(["and", "or", "not", "like", "between", "in", "is", "null", "true", "false", "div"])
_GEOMETRIES = {
    "point": "Point", "linestring": "LineString", "polygon": "Polygon", "multipoint": "MultiPoint",
    "multilinestring": "MultiLineString", "multipolygon": "MultiPolygon",
    "geometrycollection": "GeometryCollection",
}  # fmt: skip
_DEPTH_OF_COORDINATES = {
    "Point": 0, "LineString": 1, "Polygon": 2, "MultiPoint": 1, "MultiLineString": 2, "MultiPolygon": 3,
}  # fmt: skip


class NotCql2(ValueError):
    """The text is not CQL2; the message says where."""


def parse_text(text: str) -> Json:
    """The filter as CQL2 JSON. Raises NotCql2."""
    parser = _Parser(_tokens(text))
    found = parser.expression()
    if parser.kind != "end":
        raise parser.fault("the end of the filter")
    return found


def _tokens(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    at, end = 0, len(text.rstrip())
    while at < end:
        token = _TOKEN.match(text, at)
        if token is None or token.lastgroup is None:
            raise NotCql2(f"What begins with {text[at:].strip()[:20]!r} cannot be read.")
        found.append((token.lastgroup, token[token.lastgroup]))
        at = token.end()
    return [*found, ("end", "")]


class _Parser:
    """One text; every method reads one rule of the grammar and moves on behind it."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self.tokens = tokens
        self.at = 0
        self.depth = 0

    @property
    def kind(self) -> str:
        return self.tokens[self.at][0]

    @property
    def value(self) -> str:
        return self.tokens[self.at][1]

    @property
    def word(self) -> str:
        """The word here in small letters; empty if it is something else."""
        return self.value.lower() if self.kind == "word" else ""

    def fault(self, wanted: str) -> NotCql2:
        return NotCql2(f"Expected {wanted}, found {self.value[:40] or 'the end'!r}.")

    def take(self) -> str:
        value = self.value
        self.at += 1
        return value

    def accept(self, *signs: str) -> str | None:
        """The sign or word here, taken; None if it is another."""
        here = self.value if self.kind == "sign" else self.word
        if here and here in signs:
            self.at += 1
            return here
        return None

    def need(self, sign: str) -> None:
        if self.accept(sign) is None:
            raise self.fault(repr(sign))

    def deeper(self, rule: Callable[[], Json]) -> Json:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise NotCql2(f"The filter is nested more than {MAX_DEPTH} levels deep.")
        found = rule()
        self.depth -= 1
        return found

    def expression(self) -> Json:
        return self._joined("or", lambda: self._joined("and", self.factor))

    def _joined(self, word: str, part: Callable[[], Json]) -> Json:
        parts = [part()]
        while self.accept(word):
            parts.append(part())
        return parts[0] if len(parts) == 1 else {"op": word, "args": parts}

    def factor(self) -> Json:
        if self.accept("not"):
            return {"op": "not", "args": [self.deeper(self.factor)]}
        return self.predicate()

    def predicate(self) -> Json:
        left = self.sum()
        comparison = self.accept("=", "<>", "<", ">", "<=", ">=")
        if comparison:
            return {"op": comparison, "args": [left, self.sum()]}
        if self.accept("is"):
            negated = self.accept("not")
            self.need("null")
            return _maybe_not(negated, {"op": "isNull", "args": [left]})
        negated = self.accept("not")
        if self.accept("like"):
            return _maybe_not(negated, {"op": "like", "args": [left, self.sum()]})
        if self.accept("between"):
            low = self.sum()
            self.need("and")
            return _maybe_not(negated, {"op": "between", "args": [left, low, self.sum()]})
        if self.accept("in"):
            return _maybe_not(negated, {"op": "in", "args": [left, self.listed(self.sum)]})
        if negated:
            raise self.fault("LIKE, BETWEEN or IN")
        return left

    def sum(self) -> Json:
        return self._chain(lambda: self._chain(self.power, "*", "/", "%", "div"), "+", "-")

    def _chain(self, part: Callable[[], Json], *signs: str) -> Json:
        left, links = part(), 0
        while sign := self.accept(*signs):
            links += 1
            if links + self.depth > MAX_DEPTH:  # each link is a level of the result
                raise NotCql2(f"The filter is nested more than {MAX_DEPTH} levels deep.")
            left = {"op": sign, "args": [left, part()]}
        return left

    def power(self) -> Json:
        base = self.operand()
        return {"op": "^", "args": [base, self.operand()]} if self.accept("^") else base

    def operand(self) -> Json:
        if self.accept("-"):
            inner = self.deeper(self.operand)
            is_number = isinstance(inner, int | float) and not isinstance(inner, bool)
            return -inner if is_number else {"op": "*", "args": [-1, inner]}
        if self.accept("("):
            inner = self.deeper(self.expression)
            self.need(")")
            return inner
        if self.kind == "number":
            return _number(self.take())
        if self.kind == "text":
            return self.text()
        if self.kind == "quoted":
            return {"property": self.take()[1:-1].replace('""', '"')}
        if self.kind != "word" or self.word in _RESERVED - {"true", "false"}:
            raise self.fault("a property, a value or a function")
        return self.named()

    def named(self) -> Json:  # noqa: PLR0911 - one for each kind of name
        name = self.take()
        lower = name.lower()
        if lower in ("true", "false"):
            return lower == "true"
        if lower in _GEOMETRIES and (self.value == "(" or self.word in ("z", "m", "zm")):
            return self.deeper(lambda: self.geometry(_GEOMETRIES[lower]))
        if self.value != "(" or self.kind != "sign":
            return {"property": name}
        if lower == "bbox":
            return {"bbox": self.listed(self.signed)}
        if lower in ("date", "timestamp"):
            self.need("(")
            moment = {lower: self.text()}
            self.need(")")
            return moment
        if lower == "interval":
            return {"interval": self.listed(self.sum)}
        standard = lower in ("casei", "accenti") or lower[:2] in ("s_", "t_", "a_")
        part = self.element if lower in ARRAY else self.expression
        return {"op": _SPELLING.get(lower, lower) if standard else name, "args": self.listed(part)}

    def element(self) -> Json:
        """An argument of an array predicate: in parentheses stands an array, not an expression."""
        return self.listed(self.element) if self.value == "(" and self.kind == "sign" else self.sum()

    def listed(self, part: Callable[[], Json]) -> list[Json]:
        self.need("(")
        found: list[Json] = []
        while not self.accept(")"):
            if found:
                self.need(",")
            found.append(self.deeper(part))
        return found

    def text(self) -> str:
        if self.kind != "text":
            raise self.fault("a text in quotes")
        return self.take()[1:-1].replace("''", "'").replace("\\'", "'")

    def signed(self) -> float:
        sign = -1 if self.accept("-") else 1
        if self.kind != "number":
            raise self.fault("a number")
        return sign * _number(self.take())

    def geometry(self, kind: str) -> Json:
        if self.word in ("z", "m", "zm"):
            self.take()
        if kind == "GeometryCollection":
            return {"type": kind, "geometries": self.listed(self.member)}
        coordinates = self.coordinates(_DEPTH_OF_COORDINATES[kind], kind == "MultiPoint")
        return {"type": kind, "coordinates": coordinates}

    def member(self) -> Json:
        if self.word not in _GEOMETRIES:
            raise self.fault("a geometry")
        return self.geometry(_GEOMETRIES[self.take().lower()])

    def coordinates(self, levels: int, bare_points: bool) -> Json:
        if levels == 0:
            self.need("(")
            place = self.place()
            self.need(")")
            return place
        if levels == 1:
            wrapped = bare_points and self.tokens[self.at + 1][1] == "("
            return self.listed((lambda: self.coordinates(0, False)) if wrapped else self.place)
        return self.listed(lambda: self.coordinates(levels - 1, False))

    def place(self) -> list[float]:
        numbers = [self.signed()]
        while self.kind == "number" or self.value == "-":
            numbers.append(self.signed())
        return numbers


def _maybe_not(negated: str | None, condition: Json) -> Json:
    return {"op": "not", "args": [condition]} if negated else condition


def _number(text: str) -> float:
    number = float(text)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else number
