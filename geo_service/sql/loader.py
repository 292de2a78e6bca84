"""Opens the named, described statements of this folder.

A file holds statements, each begun by a line `-- name` and followed by comment lines that say what it does,
what goes in (with units) and what comes out.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from pathlib import Path

import sqlalchemy
from sqlalchemy import TextClause

from geo_service.errors import SetupError

FOLDER = Path(__file__).resolve().parent
_NAME = re.compile(r"^-- ([a-z][a-z0-9_]*)\s*$")


@cache
def statements(subject: str) -> dict[str, str]:
    """All statements of `sql/<subject>.sql` by name.

    Raises SetupError when the file is missing, a name is used twice or a statement has no description.
    """
    path = FOLDER / f"{subject}.sql"
    if not path.is_file():
        raise SetupError(f"No statements named {subject!r} in {FOLDER}.")
    found: dict[str, list[str]] = {}
    current: list[str] | None = None
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        name = _NAME.match(line)
        if name:
            if name[1] in found:
                raise SetupError(f"{path.name}:{number}: the name {name[1]!r} is used twice.")
            current = found[name[1]] = []
        elif current is not None:
            current.append(line)
    texts = {name: "\n".join(lines).strip() for name, lines in found.items()}
    for statement, words in texts.items():
        if not words.startswith("-- "):
            raise SetupError(f"{path.name}: the statement {statement!r} has no description.")
    return texts


@lru_cache(maxsize=1024)
def text(statement: str) -> TextClause:
    """`sqlalchemy.text`, once for each statement: it looks for the parameters in the whole of it."""
    return sqlalchemy.text(statement)


def schema_scripts(revision: str) -> list[str]:
    """The scripts of one migration, in the order of their file names."""
    folder = FOLDER / "migrations" / revision
    return [path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.sql"))]
