"""The private PostGIS cluster: initialise, start, join, stop. PostgreSQL never runs as root.

Only a Unix socket in a folder that nobody else may enter; no TCP port is opened.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

from geo_service.db.database import APP_ROLE, OWNER_ROLE, Database
from geo_service.db.dead_server import forget_dead_server, has_living_server
from geo_service.db.home import make_folder, server_user, socket_folder
from geo_service.db.server_programs import find_server_programs
from geo_service.errors import SetupError

EXTENSIONS = ("postgis", "pgrouting", "btree_gist", "pgcrypto", "pg_trgm")

_SETTINGS = """
listen_addresses = ''
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
shared_buffers = 512MB
max_connections = 200
logging_collector = on
log_directory = 'log'
log_filename = 'postgresql-%a.log'
log_truncate_on_rotation = on
"""
# Parallel queries keep shared memory in /dev/shm, which a container often limits to 64 MB.
_SMALL_SHARED_MEMORY_BYTES = 256 * 1024 * 1024
_WAIT_FOR_ORPHANS_S = 6


@dataclass(frozen=True)
class LocalCluster:
    """A cluster under `home`; the socket folder is `home`/run unless that path is too long."""

    home: Path
    port: int = 5432  # names the socket file only

    @property
    def data(self) -> Path:
        """Data directory."""
        return self.home / "postgres"

    @property
    def socket(self) -> Path:
        """Socket directory, mode 0700."""
        return socket_folder(self.home)

    def run(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs as the unprivileged user; raises SetupError with its last line."""
        user = server_user()
        result = subprocess.run(  # noqa: S603 - our own arguments, no shell
            [str(find_server_programs(self.data) / program), *arguments],
            capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, cwd="/",
            user=user and user.pw_uid, group=user and user.pw_gid, extra_groups=[] if user else None,
        )  # fmt: skip
        if result.returncode != 0:
            lines = [line for line in (result.stderr or result.stdout).splitlines() if line.strip()] or [
                "no message"
            ]
            telling = [line for line in lines if "rror:" in line or "FATAL" in line or "could not" in line]
            raise SetupError(f"{program} failed: {_without_stamp((telling or lines)[-1])}")

    def initialise(self) -> None:
        """Create the data directory if there is none; an interrupted attempt is begun again."""
        user = server_user()
        make_folder(self.home, 0o711 if user else 0o700)
        make_folder(self.socket, 0o700, user)
        if (self.data / "PG_VERSION").exists():
            return
        unfinished = self.home / "postgres.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        make_folder(unfinished, 0o700, user)
        try:
            self.run(
                "initdb",
                "-D",
                str(unfinished),
                "-U",
                "postgres",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--locale=C.UTF-8",
            )
            with (unfinished / "postgresql.conf").open("a", encoding="utf-8") as conf:
                conf.write(_SETTINGS)
            unfinished.rename(self.data)
        except OSError as error:
            raise SetupError(f"{self.home} cannot be written: {error.strerror}") from error
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)

    def is_running(self) -> bool:
        """True if the server answers on its socket."""
        try:
            with psycopg.connect(self.conninfo("postgres", "postgres"), connect_timeout=2):
                return True
        except psycopg.OperationalError:
            return False

    def has_process(self) -> bool:
        """True if its server process lives, also while it starts or recovers; costs no connection."""
        return has_living_server(self.data)

    def start(self) -> None:
        """Start the server and wait until it answers; raises SetupError with the server's own last words."""
        # Terse: the details of an error can hold a whole row, and with it a person.
        options = f"-k '{self.socket}' -p {self.port} -c log_error_verbosity=terse"
        if _free_shared_memory() < _SMALL_SHARED_MEMORY_BYTES:
            options += " -c dynamic_shared_memory_type=mmap"
        log = self.data / "start.log"
        give_up = time.monotonic() + _WAIT_FOR_ORPHANS_S
        while True:
            log.unlink(missing_ok=True)
            try:
                self.run(
                    "pg_ctl", "-D", str(self.data), "-w", "-t", "60", "-l", str(log), "-o", options, "start"
                )
                return
            except SetupError as error:
                words = self._last_words() or error.detail
                if forget_dead_server(self.data):
                    continue
                # Sessions of a killed server need a moment to notice; till then its memory is "still in use".
                if "already exists" in words and time.monotonic() > give_up:
                    raise SetupError(
                        f"{self.data} is in use by a database server that does not answer in {self.socket}; "
                        "stop it, or set GEO_SERVICE_HOME to another folder."
                    ) from error
                if not _is_passing(words) or time.monotonic() > give_up:
                    raise SetupError(f"The database server of {self.home} does not start: {words}") from error
                time.sleep(0.3)

    def _last_words(self) -> str:
        logs = sorted((self.data / "log").glob("*.log"), key=lambda path: path.stat().st_mtime)[-1:]
        for log in (self.data / "start.log", *logs):
            lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
            for line in reversed(lines[-40:]):
                if "FATAL:" in line or "PANIC:" in line:
                    return _without_stamp(line)
        return ""

    def stop(self) -> None:
        """Stop the server; open transactions are rolled back."""
        self.run("pg_ctl", "-D", str(self.data), "-m", "fast", "-w", "stop")

    def conninfo(self, dbname: str, user: str) -> str:
        """Connection string for one database and role."""
        return make_conninfo(host=str(self.socket), port=str(self.port), dbname=dbname, user=user)

    def create_database(self, dbname: str, template: str | None = None) -> None:
        """Create roles where missing and a database with the extensions, owned by the owner's role."""
        with psycopg.connect(self.conninfo("postgres", "postgres"), autocommit=True) as admin:
            for role in (OWNER_ROLE, APP_ROLE):
                if not admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone():
                    admin.execute(f"CREATE ROLE {role} LOGIN")
            if not admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [dbname]).fetchone():
                admin.execute(
                    f'CREATE DATABASE "{dbname}" OWNER {OWNER_ROLE} TEMPLATE "{template or "template0"}"'
                )
        if template is None:  # also after an interruption between the database and its extensions
            with psycopg.connect(self.conninfo(dbname, "postgres"), autocommit=True) as admin:
                for extension in EXTENSIONS:
                    admin.execute(f"CREATE EXTENSION IF NOT EXISTS {extension}")
                admin.execute(f"ALTER SCHEMA public OWNER TO {OWNER_ROLE}")

    def drop_database(self, dbname: str) -> None:
        """Drop a database and end its connections."""
        with psycopg.connect(self.conninfo("postgres", "postgres"), autocommit=True) as admin:
            admin.execute(f'DROP DATABASE IF EXISTS "{dbname}" WITH (FORCE)')

    def database(self, dbname: str = "geo_service", statement_timeout_ms: int = 10_000) -> Database:
        """How to reach `dbname` as owner and as application."""
        return Database(
            owner=self.conninfo(dbname, OWNER_ROLE),
            app=self.conninfo(dbname, APP_ROLE),
            statement_timeout_ms=statement_timeout_ms,
        )


def _without_stamp(line: str) -> str:
    # "2026-11-23 22:15:22.234 UTC [3433] FATAL:  could not …"
    return line.rsplit("FATAL:  ", maxsplit=1)[-1].rsplit("PANIC:  ", maxsplit=1)[-1].strip()


def _is_passing(words: str) -> bool:
    return "still in use" in words or "already exists" in words


def _free_shared_memory() -> int:
    try:
        status = os.statvfs("/dev/shm")  # noqa: S108 - asked for its size only
    except OSError:
        return 0
    return status.f_bavail * status.f_frsize
