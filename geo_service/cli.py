"""The command line: `geo-service …`; one of the two places that see everything.

Exit 0 done, 1 failed, 2 wrong usage. Errors are one readable line on standard error.
"""

from __future__ import annotations

import sys

import psycopg
import typer
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError

from geo_service.commands import api_keys, check, demo, export, imports, map, screen, serve, towns, worker
from geo_service.errors import GeoServiceError

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="Digitaler Straßenraum"
)
# One line per module of geo_service/commands: each offers `register(app)`.
serve.register(app)
api_keys.register(app)
towns.register(app)
demo.register(app)
imports.register(app)
check.register(app)
screen.register(app)
map.register(app)
worker.register(app)
export.register(app)


def main() -> None:
    """Entry of the console script."""
    try:
        app()
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
