"""CQL2 JSON → a condition of SQL with bound parameters; known properties, operators and kinds only."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from typing import Any

from geo_service.ogc.collection import Collection
from geo_service.ogc.cql2_text import ARRAY, MAX_DEPTH, SPATIAL, NotCql2
from geo_service.ogc.filter_constants import read_moment, read_place
from geo_service.ogc.pieces import Condition, Values, expression, piece
from geo_service.ogc.properties import QUERYABLES

MAX_NODES = 1_000
MAX_WILDCARDS = 16  # each one multiplies what a pattern may cost

_COMPARISONS = {
    "=": "equals",
    "<>": "differs",
    "<": "less",
    ">": "greater",
    "<=": "at_most",
    ">=": "at_least",
}
_ARITHMETIC = {
    "+": "sum", "-": "difference", "*": "product", "/": "quotient", "%": "remainder", "div": "whole_quotient",
    "^": "raised",
}  # fmt: skip
_TEMPORAL = frozenset(
    f"t_{name}"
    for name in (
        "after", "before", "contains", "disjoint", "during", "equals", "finishedBy", "finishes", "intersects",
        "meets", "metBy", "overlappedBy", "overlaps", "startedBy", "starts",
    )
)  # fmt: skip
_ARRAY = frozenset(ARRAY.values())
_PREDICATES = frozenset(
    {*_COMPARISONS, *_TEMPORAL, *_ARRAY, *SPATIAL, "and", "or", "not", "like", "between", "in", "isNull"}
)


@dataclass(frozen=True, slots=True)
class _Term:
    """Something with a value. kind: of Kind, or interval. text: SQL; None for an unbound literal."""

    kind: str
    text: str | None = None
    literal: Any = None
    end: str | None = None  # of an interval


def compile_filter(node: Any, collection: Collection, crs: str, prefix: str = "filter_") -> Condition:
    """The condition; prefix begins the names of its parameters.

    Raises NotCql2 for what is not CQL2 or not offered for this collection.
    """
    compiler = _Compiler(collection, crs, prefix)
    text = compiler.condition(node, 1)
    return Condition(text, compiler.values.bound)


class _Compiler:
    def __init__(self, collection: Collection, crs: str, prefix: str) -> None:
        self.collection = collection
        self.crs = crs
        self.values = Values(prefix)
        self.nodes = 0

    def _enter(self, depth: int) -> None:
        self.nodes += 1
        if depth > MAX_DEPTH:
            raise NotCql2(f"The filter is nested more than {MAX_DEPTH} levels deep.")
        if self.nodes > MAX_NODES:
            raise NotCql2(f"The filter has more than {MAX_NODES} parts.")

    def condition(self, node: Any, depth: int) -> str:
        """What is true or false."""
        self._enter(depth)
        op, args = _operation(node)
        if op in ("and", "or"):
            if not args:
                raise NotCql2(f"{op} needs conditions.")
            return reduce(lambda a, b: piece(op, a=a, b=b), [self.condition(one, depth + 1) for one in args])
        if op == "not":
            return piece("not", a=self.condition(_exactly(op, args, 1)[0], depth + 1))
        if op in _PREDICATES:
            return self._predicate(op, args, depth)
        term = self.term(node, depth)
        if term.kind != "boolean":
            raise NotCql2("A filter is a condition; a value alone is none.")
        return self._sql(term)

    def _predicate(self, op: str, args: list[Any], depth: int) -> str:  # noqa: PLR0911 - by operator
        if op == "isNull":
            return piece("is_null", a=self._sql(self.term(_exactly(op, args, 1)[0], depth + 1)))
        if op == "in":
            return self._one_of(_exactly(op, args, 2), depth)
        terms = [self.term(one, depth + 1) for one in _exactly(op, args, 3 if op == "between" else 2)]
        if op == "between":
            low = self._compare("at_least", terms[0], terms[1])
            return piece("and", a=low, b=self._compare("at_most", terms[0], terms[2]))
        if op == "like":
            return self._like(*terms)
        if op in SPATIAL:
            return piece(
                op, a=self._of_kind("geometry", terms[0], op), b=self._of_kind("geometry", terms[1], op)
            )
        if op in _ARRAY:
            return piece(
                op.lower(), a=self._of_kind("list", terms[0], op), b=self._of_kind("list", terms[1], op)
            )
        if op in _TEMPORAL:
            (a_start, a_end), (b_start, b_end) = self._span(terms[0], op), self._span(terms[1], op)
            return piece(op.lower(), a_start=a_start, a_end=a_end, b_start=b_start, b_end=b_end)
        return self._compare(_COMPARISONS[op], terms[0], terms[1])

    def term(self, node: Any, depth: int) -> _Term:  # noqa: PLR0911, C901 - by kind of value
        """Something with a value."""
        self._enter(depth)
        if isinstance(node, bool):
            return _Term("boolean", literal=node)
        if isinstance(node, int | float):
            if not math.isfinite(node) or abs(node) > 1e300:
                raise NotCql2("A number is too large.")
            return _Term("number", literal=float(node))
        if isinstance(node, str):
            return _Term("text", literal=node)
        if isinstance(node, list):
            return self._list(node)
        if not isinstance(node, Mapping):
            raise NotCql2("A null stands nowhere; use isNull.")
        if "property" in node:
            return self._property(node["property"])
        if "date" in node or "timestamp" in node:
            return self._moment(node)
        if "interval" in node:
            return self._interval(node["interval"], depth)
        if "bbox" in node or "type" in node:
            return _Term("geometry", literal=read_place(dict(node), self.crs))
        return self._operation(node, depth)

    def _operation(self, node: Any, depth: int) -> _Term:
        op, args = _operation(node)
        if op in _PREDICATES:
            return _Term("boolean", self.condition(node, depth))
        if op == "casei":
            inner = self.term(_exactly(op, args, 1)[0], depth + 1)
            return _Term("text", piece("folded", a=self._of_kind("text", inner, op)), inner.literal)
        if op in _ARITHMETIC:
            terms = [self.term(one, depth + 1) for one in _exactly(op, args, 2)]
            a, b = (self._of_kind("number", one, op) for one in terms)
            return _Term("number", piece(_ARITHMETIC[op], a=a, b=b))
        raise NotCql2(f"The function {op[:60]!r} is not offered.")

    def _property(self, name: Any) -> _Term:
        found = QUERYABLES[self.collection.id].get(name) if isinstance(name, str) else None
        if found is None:
            raise NotCql2(f"{str(name)[:60]!r} is not a queryable of {self.collection.id}.")
        return _Term(found.kind, expression(found))

    def _list(self, node: list[Any]) -> _Term:
        if not all(isinstance(one, str) for one in node):
            raise NotCql2("An array holds texts here.")
        self.nodes += len(node)
        return _Term("list", literal=node)

    def _moment(self, node: Mapping[str, Any]) -> _Term:
        wanted = "date" if "date" in node else "timestamp"
        text = node[wanted]
        moment = read_moment(text) if isinstance(text, str) else None
        if moment is None or isinstance(moment, datetime) != (wanted == "timestamp"):
            raise NotCql2(f"{str(text)[:40]!r} is not a {wanted}.")
        return _Term("instant" if wanted == "timestamp" else "date", literal=moment)

    def _interval(self, ends: Any, depth: int) -> _Term:
        if not isinstance(ends, list) or len(ends) != 2:
            raise NotCql2("An interval has a start and an end.")
        start, end = (self._end(one, last, depth) for one, last in zip(ends, (False, True), strict=True))
        return _Term("interval", start, end=end)

    def _end(self, node: Any, last: bool, depth: int) -> str:
        """One end of an interval; a property without a value is an open end, like `..`."""
        open_end = "or_ever_after" if last else "or_ever_before"
        if node == "..":
            return piece(open_end, a=self.values.bind("instant", None))
        term = self.term(node, depth + 1)
        return piece(open_end, a=self._span(term, "interval")[1 if last else 0])

    def _span(self, term: _Term, op: str) -> tuple[str, str]:
        """First and last instant."""
        if term.kind == "interval" and term.text is not None and term.end is not None:
            return term.text, term.end
        term = _as_moment(term)
        if term.kind == "instant":
            return self._sql(term), self._sql(term)
        day = self._of_kind("date", term, op)
        return piece("midnight", a=day), piece("end_of_day", a=day)

    def _compare(self, comparison: str, a: _Term, b: _Term) -> str:
        if a.kind in ("instant", "date") or b.kind in ("instant", "date"):
            a, b = _as_moment(a), _as_moment(b)
            if {a.kind, b.kind} == {"instant", "date"}:
                a, b = self._at_midnight(a), self._at_midnight(b)
        a, b = _as_truth(a, b), _as_truth(b, a)
        if a.kind != b.kind or a.kind in ("list", "geometry", "interval"):
            raise NotCql2(f"{a.kind} and {b.kind} cannot be compared.")
        return piece(comparison, a=self._sql(a), b=self._sql(b))

    def _at_midnight(self, term: _Term) -> _Term:
        return _Term("instant", piece("midnight", a=self._sql(term))) if term.kind == "date" else term

    def _like(self, value: _Term, pattern: _Term) -> str:
        if not isinstance(pattern.literal, str):
            raise NotCql2("A pattern is a text in quotes.")
        tail = len(pattern.literal) - len(pattern.literal.rstrip("\\"))
        if tail % 2 or pattern.literal.count("%") > MAX_WILDCARDS:
            raise NotCql2(f"A pattern does not end with \\ and has at most {MAX_WILDCARDS} wildcards %.")
        return piece("like", a=self._of_kind("text", value, "like"), b=self._sql(pattern))

    def _one_of(self, args: list[Any], depth: int) -> str:
        if not isinstance(args[1], list) or not args[1]:
            raise NotCql2("in needs a list of values.")
        value = self.term(args[0], depth + 1)
        choices = [self.term(one, depth + 1) for one in args[1]]
        for kind, listed in (("text", "list"), ("number", "numbers")):
            if value.kind == kind and all(one.kind == kind and one.text is None for one in choices):
                literals = [one.literal for one in choices]
                return piece("one_of", a=self._sql(value), b=self.values.bind(listed, literals))
        return reduce(
            lambda a, b: piece("or", a=a, b=b), [self._compare("equals", value, one) for one in choices]
        )

    def _of_kind(self, kind: str, term: _Term, op: str) -> str:
        if term.kind != kind:
            raise NotCql2(f"{op} needs {kind}, not {term.kind}.")
        return self._sql(term)

    def _sql(self, term: _Term) -> str:
        return term.text if term.text is not None else self.values.bind(term.kind, term.literal)


def _as_moment(term: _Term) -> _Term:
    """A text that a filter writes where a time is meant, as that time."""
    if term.kind != "text" or term.text is not None:
        return term
    # GDAL writes a day with the T of a time that does not follow.
    moment = read_moment(re.sub(r"(?<=^.{10})T$", "", term.literal))
    return _Term("instant" if isinstance(moment, datetime) else "date", literal=moment)


def _as_truth(term: _Term, other: _Term) -> _Term:
    """1 and 0 where a truth is meant: GDAL has no other word for it."""
    if other.kind == "boolean" and term.kind == "number" and term.literal in (0.0, 1.0):
        return _Term("boolean", literal=term.literal == 1.0)
    return term


def _operation(node: Any) -> tuple[str, list[Any]]:
    """Operator and arguments; an empty operator for anything else."""
    if not isinstance(node, Mapping) or "op" not in node:
        if isinstance(node, Mapping) and not {
            "property",
            "date",
            "timestamp",
            "interval",
            "bbox",
            "type",
        } & set(node):
            raise NotCql2("An object is an operation, a property, a time or a place.")
        return "", []
    op, args = node["op"], node.get("args")
    if not isinstance(op, str) or not isinstance(args, list):
        raise NotCql2("An operation has a name and a list of arguments.")
    return op, args


def _exactly(op: str, args: list[Any], number: int) -> list[Any]:
    if len(args) != number:
        raise NotCql2(f"{op} needs {number} argument{'s' if number > 1 else ''}.")
    return args
