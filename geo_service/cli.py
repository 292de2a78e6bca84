"""The command line: `geo-service …`; one of the two places that see everything.

Exit 0 done, 1 failed, 2 wrong usage. Errors are one readable line on standard error.
"""

from __future__ import annotations

import sys

import typer

from geo_service.commands import api_keys, check, demo, imports, serve, towns
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


def main() -> None:
    """Entry of the console script."""
    try:
        app()
    except GeoServiceError as error:
        print(f"geo-service: {error.detail}", file=sys.stderr)
        for fault in error.errors:
            print(f"  {fault.pointer}: {fault.detail}", file=sys.stderr)
        sys.exit(1)
