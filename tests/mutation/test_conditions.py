"""What is found in a text to be taken out: a term that is overlooked is a condition that nobody tests."""

from __future__ import annotations

import pytest

from tests.mutation.conditions import changes, without_comments
from tests.mutation.equivalent import stale_reasons
from tests.mutation.pieces import mutants, pieces


def taken_out(text: str, after: str = "") -> set[str]:
    return {
        f"{text[: c.start]}{c.by}{text[c.end :]}"
        for c in changes(without_comments(text), 0, len(text), after)
    }


@pytest.mark.parametrize(
    ("text", "after", "expected"),
    [
        ("a AND b", "", {"true AND b", "a AND true"}),
        ("a OR b AND c", "", {"false OR b AND c", "a OR false", "a OR true AND c", "a OR b AND true"}),
        ("a AND (b OR c)", "", {"true AND (b OR c)", "a AND true", "a AND (false OR c)", "a AND (b OR false)"}),
        ("a", "RULE", {"true", "false"}),
        ("true", "RULE", set()),
        ("a AND b", "RULE", {"true AND b", "a AND true", "false"}),
        ("SELECT x WHERE a", "", {"SELECT x WHERE true"}),
        ("CASE WHEN a THEN 1 END", "", {"CASE WHEN true THEN 1 END", "CASE WHEN false THEN 1 END"}),
        ("CASE kind WHEN 'x' THEN 1 ELSE 2 END", "", set()),
        ("SELECT DISTINCT ON (a, b) c", "", set()),
        ("a := 1; EXCEPTION WHEN internal_error THEN a := 2;", "", set()),
        ("x BETWEEN 1 AND 2 AND b", "", {"true AND b", "x BETWEEN 1 AND 2 AND true"}),
        ("a IS DISTINCT FROM b AND c", "", {"true AND c", "a IS DISTINCT FROM b AND true"}),
        ("f(a AND b, c) AS d", "", {"f(true AND b, c) AS d", "f(a AND true, c) AS d"}),
        ("EXISTS (SELECT FROM t WHERE a)", "", {"EXISTS (SELECT FROM t WHERE true)"}),
        ("CASE WHEN min(a) FILTER (WHERE b) < c THEN 1 END", "", {
            "CASE WHEN true THEN 1 END", "CASE WHEN false THEN 1 END",
            "CASE WHEN min(a) FILTER (WHERE true) < c THEN 1 END",
            "CASE WHEN min(a) FILTER (WHERE b) <= c THEN 1 END"}),
        ("a >= 1", "", {"a > 1"}),
        ("a < 1 -- or b AND c < 2", "", {"a <= 1 -- or b AND c < 2"}),
        ("'a AND b < c'", "", set()),
        ("a << b && c", "", set()),
        ("IF a THEN b := c AND d; END IF;", "", {
            "IF true THEN b := c AND d; END IF;", "IF false THEN b := c AND d; END IF;",
            "IF a THEN b := true AND d; END IF;", "IF a THEN b := c AND true; END IF;"}),
    ],
)  # fmt: skip
def test_each_term_is_taken_out_once(text: str, after: str, expected: set[str]) -> None:
    assert taken_out(text, after) == expected


def test_every_rule_has_something_to_take_out_and_each_mutant_is_another_one() -> None:
    every = [mutant for piece in pieces() for mutant in mutants(piece)]
    assert {piece.name for piece in pieces() if piece.how == "rule"} <= {
        mutant.piece.name for mutant in every
    }
    assert len({mutant.key for mutant in every}) == len(every)


def test_no_reason_speaks_of_a_mutant_that_is_gone() -> None:
    assert stale_reasons([mutant for piece in pieces() for mutant in mutants(piece)]) == []
