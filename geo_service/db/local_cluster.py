"""The private PostGIS cluster: initialise, start, join, stop. PostgreSQL never runs as root.

Only a Unix socket in a folder that nobody else may enter; no TCP port is opened.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

from geo_service.db.database import APP_ROLE, OWNER_ROLE, Database
from geo_service.errors import SetupError

EXTENSIONS = ("postgis", "pgrouting", "btree_gist", "pgcrypto")


def find_server_programs() -> Path:
    """Folder of the newest installed initdb, pg_ctl, postgres. Raises SetupError if there is none ≥ 14."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name), reverse=True)
    for folder in folders:
        if int(folder.parent.name) >= 14 and (folder / "initdb").exists():
            return folder
    raise SetupError(
        "PostgreSQL 14 or newer is missing; run: apt-get install postgresql postgresql-postgis postgresql-pgrouting"
    )


@dataclass(frozen=True)
class LocalCluster:
    """A cluster under `home`; the socket folder is `home`/run."""

    home: Path
    port: int = 5432  # names the socket file only

    @property
    def data(self) -> Path:
        """Data directory."""
        return self.home / "postgres"

    @property
    def socket(self) -> Path:
        """Socket directory, mode 0700."""
        return self.home / "run"

    def run(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs as the unprivileged user; raises SetupError with its last line."""
        as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"] if os.geteuid() == 0 else []
        result = subprocess.run(
            [*as_user, str(find_server_programs() / program), *arguments],
            capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, cwd="/",
        )  # fmt: skip
        if result.returncode != 0:
            lines = (result.stderr or result.stdout).strip().splitlines() or ["no message"]
            raise SetupError(f"{program} failed: {lines[-1]}")

    def initialise(self) -> None:
        """Create the data directory if there is none."""
        if (self.data / "PG_VERSION").exists():
            return
        for folder in (self.home, self.data, self.socket):
            folder.mkdir(parents=True, exist_ok=True)
            if os.geteuid() == 0:
                user = pwd.getpwnam("postgres")
                os.chown(folder, user.pw_uid, user.pw_gid)
            folder.chmod(0o700)
        try:
            self.run("initdb", "-D", str(self.data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")
        except SetupError:
            shutil.rmtree(self.data, ignore_errors=True)
            raise
        with (self.data / "postgresql.conf").open("a", encoding="utf-8") as conf:
            conf.write(
                f"listen_addresses = ''\nunix_socket_directories = '{self.socket}'\nport = {self.port}\n"
                "jit = off\ntimezone = 'UTC'\nlog_timezone = 'UTC'\nshared_buffers = 512MB\nmax_connections = 100\n"
                "logging_collector = on\nlog_directory = 'log'\n"
            )

    def is_running(self) -> bool:
        """True if the server answers on its socket."""
        try:
            with psycopg.connect(self.conninfo("postgres", "postgres"), connect_timeout=2):
                return True
        except psycopg.OperationalError:
            return False

    def start(self) -> None:
        """Start the server and wait until it answers."""
        self.run("pg_ctl", "-D", str(self.data), "-w", "-t", "60", "-l", str(self.home / "postgres" / "start.log"), "start")

    def stop(self) -> None:
        """Stop the server; open transactions are rolled back."""
        self.run("pg_ctl", "-D", str(self.data), "-m", "fast", "-w", "stop")

    def conninfo(self, dbname: str, user: str) -> str:
        """libpq connection string for one database and role."""
        return make_conninfo(host=str(self.socket), port=str(self.port), dbname=dbname, user=user)

    def create_database(self, dbname: str, template: str | None = None) -> None:
        """Create roles where missing and a database with the extensions, owned by the owner's role."""
        with psycopg.connect(self.conninfo("postgres", "postgres"), autocommit=True) as admin:
            for role in (OWNER_ROLE, APP_ROLE):
                if not admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone():
                    admin.execute(f"CREATE ROLE {role} LOGIN")
            if admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [dbname]).fetchone():
                return
            admin.execute(f'CREATE DATABASE "{dbname}" OWNER {OWNER_ROLE} TEMPLATE "{template or "template0"}"')
        if template is None:
            with psycopg.connect(self.conninfo(dbname, "postgres"), autocommit=True) as admin:
                for extension in EXTENSIONS:
                    admin.execute(f"CREATE EXTENSION IF NOT EXISTS {extension}")
                admin.execute(f"ALTER SCHEMA public OWNER TO {OWNER_ROLE}")

    def drop_database(self, dbname: str) -> None:
        """Drop a database and end its connections."""
        with psycopg.connect(self.conninfo("postgres", "postgres"), autocommit=True) as admin:
            admin.execute(f'DROP DATABASE IF EXISTS "{dbname}" WITH (FORCE)')

    def database(self, dbname: str = "geo_service") -> Database:
        """How to reach `dbname` as owner and as application."""
        return Database(owner=self.conninfo(dbname, OWNER_ROLE), app=self.conninfo(dbname, APP_ROLE))
