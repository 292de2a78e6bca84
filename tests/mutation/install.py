"""Puts a mutant into this process, or into its databases, and takes it out again."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from geo_service.conflicts import catalogue
from geo_service.db.local_cluster import LocalCluster
from geo_service.sql import loader
from tests.mutation.pieces import Mutant, Piece, read

OF_MOST_CASES = "rules_0"  # those of strip and network rules among them


@contextmanager
def installed(mutant: Mutant, cluster: LocalCluster, *, everywhere: bool) -> Iterator[None]:
    """everywhere: functions in every database, else in those of the rule cases only."""
    piece = mutant.piece
    if piece.how == "function":
        _define(cluster, mutant.piece_text, everywhere=everywhere)
        try:
            yield
        finally:
            _define(cluster, read(piece.path)[piece.start : piece.end], everywhere=everywhere)
        return
    try:
        if piece.how == "rule":
            _write_rule(piece, mutant.text)
        else:
            _say(piece, mutant.text)
        _forget()
        yield
    finally:
        if piece.how == "rule":
            _write_rule(piece, read(piece.path))
        else:
            _say(piece, read(piece.path))
        _forget()


@cache
def _rules_of_this_run() -> Path:
    own = tempfile.mkdtemp(prefix="gs-mutation-")
    atexit.register(shutil.rmtree, own, ignore_errors=True)
    folder = Path(own) / "rules"
    shutil.copytree(catalogue.RULES_FOLDER, folder)
    catalogue.RULES_FOLDER = folder
    return folder


def _write_rule(piece: Piece, text: str) -> None:
    (_rules_of_this_run() / piece.path.name).write_text(text, encoding="utf-8")


def _say(piece: Piece, text: str) -> None:
    """The statements of a subject as the text says, in the table that everybody holds."""
    subject = piece.path.stem
    folder, there = loader.FOLDER, loader.statements(subject)
    with tempfile.TemporaryDirectory(prefix="gs-mutation-") as own:
        (Path(own) / piece.file).write_text(text, encoding="utf-8")
        loader.FOLDER = Path(own)
        try:
            there.update(loader.statements.__wrapped__(subject))
        finally:
            loader.FOLDER = folder


def _forget() -> None:
    catalogue.rulebook.cache_clear()
    catalogue._kept.clear()


def _define(cluster: LocalCluster, text: str, *, everywhere: bool) -> None:
    """One function as the text says: where the cases of its rules are asked, or in all databases of this run."""
    definition = text.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION", 1)
    for name in _databases(cluster) if everywhere else [OF_MOST_CASES]:
        with cluster.database(name).owner_connection() as owner:
            owner.execute(definition)


def _databases(cluster: LocalCluster) -> list[str]:
    with cluster.database("template_empty").owner_connection() as owner:
        names = [row["datname"] for row in owner.execute("SELECT datname FROM pg_database").fetchall()]
    return [name for name in names if name.startswith(("t_", "template_empty", "rules_", "works"))]
