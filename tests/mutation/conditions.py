"""Finds the conditions of an SQL text and what can be taken out of them, one at a time.

No parser of SQL: it reads words, brackets and CASE … END, which is enough for the texts of this project. A term of
an AND becomes true, a term of an OR false, a condition that stands alone both, and a boundary moves onto its
limit or off it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

TOKEN = re.compile(
    r"""(?P<string>'(?:[^']|'')*')
    | (?P<word>IS\s+(?:NOT\s+)?DISTINCT\s+FROM\b | :?[A-Za-z_][\w.]* | «[^»]*»)
    | (?P<number>\d[\d.]*(?:e\d+)?)
    | (?P<open>[(\[]) | (?P<close>[)\]])
    | (?P<mark>:=|=>|::|[,;])
    | (?P<operator>[<>=!@&|\#*/+\-~^%]+)""",
    re.VERBOSE,
)
# Where one expression ends and the next begins.
BETWEEN_EXPRESSIONS = frozenset(
    [
        "SELECT",
        "DISTINCT",
        "FROM",
        "WHERE",
        "ON",
        "USING",
        "HAVING",
        "GROUP",
        "ORDER",
        "BY",
        "LIMIT",
        "OFFSET",
        "UNION",
        "AS",
        "WITH",
        "WHEN",
        "THEN",
        "ELSE",
        "JOIN",
        "INNER",
        "LEFT",
        "CROSS",
        "LATERAL",
        "VALUES",
        "PARTITION",
        "SET",
        "RETURNING",
        "INTO",
        "IF",
        "ELSIF",
        "LOOP",
        "WHILE",
        "FOR",
        "FOREACH",
        "EXIT",
        "CONTINUE",
        "RETURN",
        "QUERY",
        "NEXT",
        "BEGIN",
        "DECLARE",
        "PERFORM",
        "RAISE",
        "MATERIALIZED",
        "DESC",
        "ASC",
        "END",
    ]
)
DEMANDED = frozenset({"WHERE", "ON", "HAVING"})  # a single condition after these may be left out
ASKED = frozenset({"WHEN", "IF", "ELSIF", "WHILE", "RULE"})  # after these it may be true always or never
NO_CONDITION = {("DISTINCT", "ON"), ("EXCEPTION", "WHEN")}
OFF_BY_ONE = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}


@dataclass(frozen=True)
class Change:
    """text[start:end] is replaced by `by`."""

    start: int
    end: int
    by: str
    what: str


@dataclass
class _Run:
    """One expression: its words with their places; what stands in brackets and CASE … END is one of them."""

    after: str
    words: list[tuple[str, int, int]] = field(default_factory=list)


def without_comments(text: str) -> str:
    """The text with its comments blank, every other character in its place."""
    return re.sub(r"'(?:[^'\n]|'')*'|--[^\n]*", lambda m: m[0] if m[0][0] == "'" else " " * len(m[0]), text)


def changes(text: str, start: int, end: int, after: str = "") -> list[Change]:
    """Everything that can be taken out between two places of a text without comments."""
    tokens = [
        (found.lastgroup or "", found[0], found.start(), found.end())
        for found in TOKEN.finditer(text, start, end)
    ]
    found: list[Change] = []
    _read(tokens, 0, _Run(after), found, text)
    found += (
        Change(at, until, OFF_BY_ONE[word], f"{word} to {OFF_BY_ONE[word]} in «{_around(text, at, until)}»")
        for kind, word, at, until in tokens
        if kind == "operator" and word in OFF_BY_ONE
    )
    return sorted(set(found), key=lambda change: (change.start, change.end, change.by))


def _read(tokens: list[tuple[str, str, int, int]], at: int, run: _Run, found: list[Change], text: str) -> int:
    """Reads one level of brackets from token `at`; the place after the bracket or END that closes it."""
    in_case, simple_case = run.after == "CASE", False
    while at < len(tokens):
        kind, word, start, end = tokens[at]
        upper = re.sub(r"\s+", " ", word.upper()) if kind == "word" else word
        if kind == "close" or (in_case and upper == "END"):
            found += _of_run(run, text)
            return at + 1
        if kind == "open" or upper == "CASE":
            after = _read(tokens, at + 1, _Run("CASE" if kind == "word" else "("), found, text)
            run.words.append(("(", start, tokens[after - 1][3]))
            at = after
            continue
        if kind == "mark" or upper in BETWEEN_EXPRESSIONS:
            # CASE x WHEN 1: the arms are values, not conditions.
            simple_case = simple_case or (run.after == "CASE" and bool(run.words))
            found += _of_run(run, text)
            before = run.words[-1][0] if run.words else run.after
            no_condition = (simple_case and upper == "WHEN") or (before, upper) in NO_CONDITION
            run = _Run("" if no_condition else upper)
        else:
            run.words.append((upper, start, end))
        at += 1
    found += _of_run(run, text)
    return at


def _split(words: list[tuple[str, int, int]], at_word: str) -> list[list[tuple[str, int, int]]]:
    parts: list[list[tuple[str, int, int]]] = [[]]
    between = False
    for word in words:
        if word[0] == at_word and not (between and at_word == "AND"):
            parts.append([])
            continue
        between = word[0] == "BETWEEN" or (between and word[0] != "AND")
        parts[-1].append(word)
    return [part for part in parts if part]


def _of_run(run: _Run, text: str) -> Iterator[Change]:
    either = _split(run.words, "OR")
    if not either or (len(run.words) == 1 and run.words[0][0] in ("TRUE", "FALSE")):
        return
    if len(either) > 1:
        yield from (_change(term, "false", text) for term in either)
    for alternative in either:
        demanded = _split(alternative, "AND")
        if len(demanded) > 1:
            yield from (_change(term, "true", text) for term in demanded)
    if len(either) == 1 and len(_split(run.words, "AND")) == 1 and run.after in DEMANDED | ASKED:
        yield _change(run.words, "true", text)
    if run.after in ASKED:
        yield _change(run.words, "false", text)


def _change(words: list[tuple[str, int, int]], by: str, text: str) -> Change:
    start, end = words[0][1], words[-1][2]
    return Change(start, end, by, f"{by} for «{_flat(text[start:end])}»")


def _around(text: str, start: int, end: int) -> str:
    before = re.split(r"[\n(]|\bAND\b|\bOR\b|\bWHEN\b", text[max(0, start - 60) : start])[-1]
    behind = re.split(r"[\n)]|\bAND\b|\bOR\b|\bTHEN\b", text[end : end + 60])[0]
    return _flat(f"{before}{text[start:end]}{behind}")


def _flat(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()
