"""What is mutated: each rule, each statement of the frame, each function that measures strips or the network."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from geo_service.sql.loader import FOLDER
from tests.mutation.conditions import changes, without_comments

ALL_KINDS = ("pair", "place", "own", "strip", "network")
# The expressions of a rule, and how they are read: a severity or `applies` is a condition as a whole.
RULE_KEYS = {key: "RULE" for key in ("applies", "block", "warn", "info", "chance")} | {
    "measured": "",
    "limit": "",
}
# Statements of sql/ that rules stand in, and the kinds of rules that show what they do.
FRAME: dict[str, dict[str, tuple[str, ...]]] = {
    "conflicts": {
        "check_frame": ALL_KINDS, "level": ALL_KINDS, "link": ALL_KINDS,
        **{f"{pair}_probe": ("pair",) for pair in (
            "area_area", "detour_area", "area_detour", "detour_detour", "street_street", "dig_dig")},
        "stored_candidates": ("pair",), "requested_candidates": ("pair",), "candidates_of_town": ("pair",),
        "known_occupations": ("pair",), "near_candidates": ("pair",), "look_around": ("pair", "place"),
        "look_for_objects": ("place",), "look_at_own": ("own",), "pair_branch": ("pair",), "pair_facts": ("pair",), "own_branch": ("own",),
        "own_facts": ("own",),
    },
    "pair_streets": dict.fromkeys(
        ("stored_streets", "requested_streets", "street_facts", "facing", "takes_there", "detour_hindered",
         "common_detour"), ("pair",)),
    "places": dict.fromkeys(
        ("place_branch", "place_facts", "segment_rows", "school_rows", "bus_stop_rows", "hydrant_rows",
         "fire_area_rows", "blackout_rows", "no_dig_period_rows", "reinstatement_rows"), ("place",)),
    "strips": {"strip_branch": ("strip",), "strip_around": ("strip",)},
    "network": {"network_branch": ("network",), "network_around": ("network",)},
}  # fmt: skip
# Migration scripts with functions that the frame calls; of several definitions the last one counts.
FUNCTIONS: dict[str, tuple[str, ...]] = {
    "0003/10_cross_section": ("strip",), "0003/11_strip_widths": ("strip",), "0006/70_sites": ("strip",),
    **dict.fromkeys(("0003/20_network_graph", "0003/21_network_closures", "0003/22_network_cut_off",
                     "0003/23_network_ways", "0003/24_network_facts", "0010/10_network"), ("network",)),
}  # fmt: skip
_OTHERS = {
    "instant",
    "label_de",
    "label_en",
    "attribution_of",
    "detour_offer",
    "shortest_way",
    "streets_in_words",
    "leads_out_of",  # dropped
    "nodes_reached",  # dropped
}
_KEY = re.compile(r"^-- ([a-z_]+):", re.MULTILINE)
_STATEMENT = re.compile(r"^-- ([a-z][a-z0-9_]*)\s*$", re.MULTILINE)
_FUNCTION = re.compile(
    r"^CREATE (?:OR REPLACE )?FUNCTION (\w+)\(.*?\$\$.*?\$\$[^;]*;", re.MULTILINE | re.DOTALL
)


@dataclass(frozen=True)
class Piece:
    """A part of a file under sql/. how: rule, statement or function. kinds: of the rules that show what it does."""

    name: str
    how: str
    file: str
    start: int
    end: int
    kinds: tuple[str, ...]

    @property
    def path(self) -> Path:
        return FOLDER / self.file


@dataclass(frozen=True)
class Mutant:
    """A piece with one thing taken out: text[start:end] of its file is replaced by `by`."""

    piece: Piece
    start: int
    end: int
    by: str
    what: str

    @property
    def key(self) -> str:
        """What tells it from every other one."""
        return f"{self.piece.file} {self.start} {self.end} {self.by}"

    @property
    def line(self) -> int:
        return read(self.piece.path).count("\n", 0, self.start) + 1

    @property
    def text(self) -> str:
        """The whole file, mutated."""
        whole = read(self.piece.path)
        return f"{whole[: self.start]}{self.by}{whole[self.end :]}"

    @property
    def piece_text(self) -> str:
        whole = read(self.piece.path)
        return f"{whole[self.piece.start : self.start]}{self.by}{whole[self.end : self.piece.end]}"

    def __str__(self) -> str:
        return f"{self.piece.file}:{self.line}: {self.what}"


@cache
def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def pieces() -> list[Piece]:
    """Rules by their names, then the frame in the order of its files."""
    return [*_rules(), *_statements(), *_functions()]


def _rules() -> Iterator[Piece]:
    for path in sorted((FOLDER / "rules").glob("*.sql")):
        text = read(path)
        kind = re.search(r"^-- kind: (\w+)", text, re.MULTILINE)
        assert kind is not None
        yield Piece(path.stem, "rule", f"rules/{path.name}", 0, len(text), (kind[1],))


def _statements() -> Iterator[Piece]:
    for subject, named in FRAME.items():
        text = read(FOLDER / f"{subject}.sql")
        heads = list(_STATEMENT.finditer(text))
        ends = [*(head.start() for head in heads[1:]), len(text)]
        there = {head[1]: (head.end(), end) for head, end in zip(heads, ends, strict=True)}
        for name, kinds in named.items():
            yield Piece(name, "statement", f"{subject}.sql", *there[name], kinds)


def _functions() -> Iterator[Piece]:
    last: dict[str, Piece] = {}
    for script, kinds in FUNCTIONS.items():
        file = f"migrations/{script}.sql"
        for found in _FUNCTION.finditer(read(FOLDER / file)):
            if found[1] not in _OTHERS:
                last[found[1]] = Piece(f"{found[1]}()", "function", file, found.start(), found.end(), kinds)
    yield from last.values()


def mutants(piece: Piece) -> list[Mutant]:
    """Everything that can be taken out of a piece."""
    text = read(piece.path)
    if piece.how == "rule":
        found = _of_rule(text)
    else:
        body = text.index("$$", piece.start) + 2 if piece.how == "function" else piece.start
        found = changes(without_comments(text), body, piece.end)
    return [Mutant(piece, change.start, change.end, change.by, change.what) for change in found]


def _of_rule(text: str) -> list:
    keys = list(_KEY.finditer(text))
    ends = [*(key.start() for key in keys[1:]), len(text)]
    plain = re.sub(r"^--   ", "     ", text, flags=re.MULTILINE)  # a line that goes on
    return [
        change
        for key, end in zip(keys, ends, strict=True)
        if key[1] in RULE_KEYS
        for change in changes(plain, key.end(), end, RULE_KEYS[key[1]])
    ]
