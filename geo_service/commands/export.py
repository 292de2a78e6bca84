"""`geo-service export COLLECTION`: a published collection as a file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, cast

import psycopg
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from geo_service.db.open_database import opened_database
from geo_service.errors import SetupError
from geo_service.ogc.collection import Collection, get_collection
from geo_service.ogc.encodings import Feature, write_features
from geo_service.ogc.export import Encoder, read_chunks
from geo_service.ogc.geoparquet import GeoParquetFile
from geo_service.ogc.parameters import Format, ItemsQuery, read_items_query
from geo_service.ogc.properties import returnables
from geo_service.ogc.reading import wanted_statement
from geo_service.settings import Settings

FileFormat = Literal["geojson", "geojsonseq", "csv", "gpkg", "fgb", "parquet"]
_TEXTS: dict[str, Format] = {"geojson": "json", "geojsonseq": "geojsonseq", "csv": "csv"}
_GDAL_ROWS = 20_000
_GROUP_ROWS = 10_000


def export(
    collection: Annotated[str, typer.Argument(help="road_segments, construction_sites, permits, …")],
    out: Annotated[Path, typer.Option(help="The file to write; an existing one is replaced")],
    form: Annotated[FileFormat, typer.Option("--format", help="What to write")] = "gpkg",
    crs: Annotated[str, typer.Option(help="OGC:CRS84, EPSG:25832, 25833, 4326, 4258 or 3857")] = "OGC:CRS84",
    filter_: Annotated[str | None, typer.Option("--filter", help="CQL2 text: which features")] = None,
) -> None:
    """Write a published collection to a file; what is not published is not in it."""
    one = get_collection(collection)
    given = {"crs": crs} | ({"filter": filter_} if filter_ else {})
    query = read_items_query(one.id, given)
    if not out.parent.is_dir():
        raise SetupError(f"There is no folder {out.parent}.")
    partial = out.with_name(f".{out.name}.part{out.suffix}")
    with opened_database(Settings()) as database:
        conninfo = database.app_conninfo()
        try:
            with psycopg.connect(conninfo, autocommit=True) as connection, _progress() as progress:
                number = _count(connection, one, query)
                task = progress.add_task(one.id, total=number)
                for written in _write(connection, partial, form, one, query):
                    progress.update(task, advance=written)
            os.replace(partial, out)
        finally:
            partial.unlink(missing_ok=True)
    typer.echo(f"{out}: {number} features")


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        console=Console(stderr=True),
    )  # fmt: skip


def _count(connection: psycopg.Connection, one: Collection, query: ItemsQuery) -> int:
    text, values = wanted_statement("hits", one, query)
    row = connection.execute(text, values).fetchone()
    return int(cast(tuple[Any, ...], row)[0])


def _write(
    connection: psycopg.Connection, path: Path, form: FileFormat, one: Collection, query: ItemsQuery
) -> Iterator[int]:
    """Write the file; yields how many features each step wrote."""
    if form in _TEXTS:
        yield from _write_text(connection, path, Encoder(_TEXTS[form], one, query))
    elif form == "parquet":
        encoder = Encoder("json", one, query)
        with GeoParquetFile(path, one, query.crs, returnables(one)) as file:
            for chunk in read_chunks(connection, encoder, _GROUP_ROWS):
                file.write(encoder.features(chunk, x_first=True))
                yield chunk.returned
    elif form == "gpkg":
        encoder = Encoder("json", one, query)
        append = False
        for chunk in read_chunks(connection, encoder, _GDAL_ROWS):
            write_features(
                path,
                "GPKG",
                one,
                encoder.features(chunk, x_first=True),
                query.crs,
                returnables(one),
                append=append,
            )
            append = True
            yield chunk.returned
        if not append:
            write_features(path, "GPKG", one, [], query.crs, returnables(one))
    else:
        yield from _write_flatgeobuf(connection, path, one, query)


def _write_text(connection: psycopg.Connection, path: Path, encoder: Encoder) -> Iterator[int]:
    with path.open("wb") as file:
        file.write(encoder.head())
        first = True
        for chunk in read_chunks(connection, encoder):
            file.write(encoder.chunk(chunk, first))
            first = False
            yield chunk.returned
        file.write(encoder.tail())


def _write_flatgeobuf(
    connection: psycopg.Connection, path: Path, one: Collection, query: ItemsQuery
) -> Iterator[int]:
    """GDAL writes a FlatGeobuf in one go, because its index comes first: all features are in memory."""
    encoder = Encoder("json", one, query)
    features: list[Feature] = []
    for chunk in read_chunks(connection, encoder, _GDAL_ROWS):
        features += encoder.features(chunk, x_first=True)
        yield chunk.returned
    write_features(path, "FlatGeobuf", one, features, query.crs, returnables(one))


def register(app: typer.Typer) -> None:
    """Add `export`."""
    app.command("export")(export)
