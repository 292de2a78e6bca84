"""`geo-service import …`: one command per kind of data that a town brings."""

from __future__ import annotations

import typer

from geo_service.commands import import_deliveries, import_facilities, import_roads, import_sites

imports = typer.Typer(no_args_is_help=True, help="Bring in data as it is; the same again is an update")
import_roads.register(imports)
import_facilities.register(imports)
import_sites.register(imports)
import_deliveries.register(imports)


def register(app: typer.Typer) -> None:
    """Add `import` to the command line."""
    app.add_typer(imports, name="import")
