"""The command line: `geo-service …`; one of the two places that see everything.

Exit 0 done, 1 failed, 2 wrong usage. Errors are one readable line on standard error.
"""

from __future__ import annotations

import sys
from importlib import import_module

import psycopg
import typer
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError

from geo_service.errors import GeoServiceError

# Which module of geo_service/commands offers a command; each has `register(app)`.
COMMANDS = {
    "serve": "serve", "migrate": "serve", "demo": "demo", "api-keys": "api_keys", "towns": "towns",
    "import": "imports", "export": "export", "check": "check", "screen": "screen", "map": "map",
    "worker": "worker",
}  # fmt: skip


def build_cli(command: str | None = None) -> typer.Typer:
    """The command line; with the name of a command only that one.

    The modules of all commands together take longer to load than most commands to run.
    """
    app = typer.Typer(
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        help="Digitaler Straßenraum",
    )
    app.callback()(lambda: None)  # a command that is alone is still called by its name
    wanted = [COMMANDS[command]] if command in COMMANDS else dict.fromkeys(COMMANDS.values())
    for name in wanted:
        import_module(f"geo_service.commands.{name}").register(app)
    return app


def main() -> None:
    """Entry of the console script."""
    try:
        build_cli(sys.argv[1] if len(sys.argv) > 1 else None)()
    except GeoServiceError as error:
        print(f"geo-service: {error.detail}", file=sys.stderr)
        for fault in error.errors:
            print(f"  {fault.pointer}: {fault.detail}", file=sys.stderr)
        sys.exit(1)
    except ValidationError as error:
        if error.title != "Settings":
            raise
        for wrong in error.errors():
            name = f"GEO_SERVICE_{'_'.join(str(part) for part in wrong['loc'])}".upper()
            print(f"geo-service: {name}: {wrong['msg']}", file=sys.stderr)
        sys.exit(2)
    except (psycopg.Error, DBAPIError) as error:
        words = str(getattr(error, "orig", error)).strip().splitlines() or [type(error).__name__]
        print(f"geo-service: the database answered: {words[0]}", file=sys.stderr)
        sys.exit(1)
    except OSError as error:
        print(f"geo-service: {error.filename or 'system'}: {error.strerror or error}", file=sys.stderr)
        sys.exit(1)
