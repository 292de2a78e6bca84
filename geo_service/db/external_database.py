"""Checks a foreign database before it is used, and says the command where something is missing."""

from __future__ import annotations

import psycopg

from geo_service.db.database import APP_ROLE, Database
from geo_service.errors import SetupError

EXTENSIONS = ("postgis", "pgrouting", "btree_gist", "pgcrypto", "pg_trgm")
OLDEST_SERVER = 140000
OLDEST_POSTGIS = (3, 2)


def check_external_database(database: Database) -> None:
    """Raises SetupError: not reachable, too old, or the SQL commands the administrator must run first."""
    try:
        connection = psycopg.connect(database.owner, connect_timeout=10)
    except psycopg.Error as error:
        reason = str(error).strip().splitlines()[-1]
        raise SetupError(f"GEO_SERVICE_DATABASE_URL: the database cannot be reached: {reason}") from error
    with connection:
        if connection.info.server_version < OLDEST_SERVER:
            raise SetupError(
                f"GEO_SERVICE_DATABASE_URL: PostgreSQL {connection.info.server_version // 10000} is too old; "
                "14 or newer is needed."
            )
        commands = _missing_extensions(connection) + _missing_rights(connection)
        if commands:
            raise SetupError(
                f"GEO_SERVICE_DATABASE_URL: an administrator must run in database {connection.info.dbname}: "
                + " ".join(f"{command};" for command in commands)
            )
        _check_postgis(connection)


def _missing_extensions(connection: psycopg.Connection) -> list[str]:
    rows = connection.execute("SELECT extname FROM pg_extension").fetchall()
    present = {row[0] for row in rows}
    return [f"CREATE EXTENSION {name}" for name in EXTENSIONS if name not in present]


def _missing_rights(connection: psycopg.Connection) -> list[str]:
    login = connection.info.user
    role = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [APP_ROLE]).fetchone()
    if role is None:
        commands = [f"CREATE ROLE {APP_ROLE} NOLOGIN", f'GRANT {APP_ROLE} TO "{login}"']
    else:
        member = connection.execute("SELECT pg_has_role(%s, 'MEMBER')", [APP_ROLE]).fetchone()
        commands = [] if member and member[0] else [f'GRANT {APP_ROLE} TO "{login}"']
    create = connection.execute("SELECT has_schema_privilege('public', 'CREATE')").fetchone()
    if not (create and create[0]):
        commands.append(f'GRANT CREATE ON SCHEMA public TO "{login}"')
    return commands


def _check_postgis(connection: psycopg.Connection) -> None:
    row = connection.execute("SELECT extversion FROM pg_extension WHERE extname = 'postgis'").fetchone()
    version = tuple(int(part) for part in str(row[0]).split(".")[:2]) if row else (0, 0)
    if version < OLDEST_POSTGIS:
        raise SetupError(
            f"GEO_SERVICE_DATABASE_URL: PostGIS {version[0]}.{version[1]} is too old; "
            "an administrator must install 3.2 or newer and run: ALTER EXTENSION postgis UPDATE;"
        )
