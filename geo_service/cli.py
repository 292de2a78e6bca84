"""The command line: `geo-service …`; one of the two places that see everything.

Exit 0 done, 1 failed, 2 wrong usage. Errors are one readable line on standard error.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module

import typer

from geo_service.commands.menu import fill_menu


def build_cli(words: Sequence[str] | None = None) -> typer.Typer:
    """The command line; with the words that were typed only what they call is loaded."""
    app = typer.Typer(
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        help="Digitaler Straßenraum",
    )
    app.callback()(lambda: None)  # a command that is alone is still called by its name
    fill_menu(app, words)
    return app


def main() -> None:
    """Entry of the console script."""
    try:
        build_cli(sys.argv[1:])()
    except Exception as error:
        code = import_module("geo_service.commands.explain").explain(error)
        if code is None:
            raise
        sys.exit(code)
