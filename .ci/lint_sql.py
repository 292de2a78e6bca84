"""Lints the SQL: every named statement of geo_service/sql and every migration script, parsed as PostgreSQL.

The files have no semicolons and may hold {identifiers}, so sqlfluff gets one statement at a time.
Rule files (sql/rules) are conditions, not statements; the service itself has the database plan them at start.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator

from sqlfluff.core import FluffConfig, Linter

from geo_service.sql.loader import FOLDER, statements

# What begins otherwise, or has a «slot», is a piece that other statements are put together from.
WHOLE = re.compile(r"\A(--.*\n|\s+)*(SELECT|WITH|INSERT|UPDATE|DELETE|CREATE|ANALYZE|TRUNCATE|DROP)\b[^«]*\Z")
# PostgreSQL takes OFFSET in a SELECT without FROM, sqlfluff does not.
BEYOND_SQLFLUFF = {"conflicts.sql: pair_facts"}
IDENTIFIER = re.compile(r"\{([a-z_]+)\}")
PARAMETER = re.compile(r"(?<![:\w\"']):[a-z_][a-z0-9_]*")


def texts() -> Iterator[tuple[str, str]]:
    """Place and text of everything to lint."""
    for path in sorted(FOLDER.glob("*.sql")):
        for name, text in statements(path.stem).items():
            if WHOLE.match(text) and f"{path.name}: {name}" not in BEYOND_SQLFLUFF:
                words = "\n".join(PARAMETER.sub("'?'", line.split("--")[0]) for line in text.splitlines())
                yield f"{path.name}: {name}", IDENTIFIER.sub(r"\1", words) + "\n"
    for path in sorted(FOLDER.glob("migrations/*/*.sql")):
        yield f"migrations/{path.parent.name}/{path.name}", path.read_text(encoding="utf-8")


def main() -> int:
    """Print what is wrong; 1 if anything is."""
    linter = Linter(config=FluffConfig.from_root())
    faults = 0
    for place, text in texts():
        for fault in linter.lint_string(text, fname=place).get_violations():
            faults += 1
            print(f"{place}:{fault.line_no}: {fault.rule_code()} {fault.description}")
    print(f"sql lint: {faults} faults" if faults else "sql lint: all statements parse and keep the rules")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
