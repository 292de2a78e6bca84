"""Reads a delivered CSV file into raw records, each a point with its columns as properties."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from geo_service.construction.feed_file import MAX_BYTES, RawRecord, SiteFile, read_site_file
from geo_service.construction.feed_profile import srid_of
from geo_service.deliveries.profiles import PermitProfile, Table
from geo_service.errors import BadSiteFile

FAULT = "#fault"  # property of a row that cannot be read


def read_permit_file(path: Path, profile: PermitProfile) -> SiteFile:
    """The records of a CSV file (profile key `table`) or of GeoJSON. Raises BadSiteFile with one line."""
    if profile.table is None:
        return read_site_file(path, profile)
    srid = None if profile.crs is None else srid_of(profile.crs)
    if srid is None:
        raise BadSiteFile(f"{path.name}: a table says nothing about its CRS; name it in the profile (crs).")
    rows = csv.reader(
        io.StringIO(_text(path, profile.encoding), newline=""), delimiter=profile.table.delimiter
    )
    try:
        records = tuple(_records(path, rows, profile.table, profile.empty_values))
    except csv.Error as error:
        raise BadSiteFile(f"{path.name}:{rows.line_num}: not readable as a table: {error}.") from None
    return SiteFile(name=path.name, records=records, srid=srid, crs_declared=True, snapshot=None)


def _text(path: Path, encoding: str) -> str:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BadSiteFile(f"{path.name}: larger than {MAX_BYTES // 1_000_000} MB.")
        data = path.read_bytes()
    except FileNotFoundError:
        raise BadSiteFile(f"{path}: the file is missing.") from None
    except OSError as error:
        raise BadSiteFile(f"{path}: cannot be read ({error.strerror}).") from None
    if not data.strip():
        raise BadSiteFile(f"{path.name}: the file is empty.")
    try:
        return data.decode("utf-8-sig" if encoding == "utf-8" else encoding).replace("\x00", "")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise BadSiteFile(
            f"{path.name}:{line}: not {encoding}; state the true encoding in the profile (encoding: latin-1)."
        ) from None


def _records(path: Path, rows: Iterator[list[str]], table: Table, empty: list[str]) -> Iterator[RawRecord]:
    header = [name.strip() for name in next(rows, [])]
    for name in (table.x, table.y):
        if name not in header:
            raise BadSiteFile(
                f"{path.name}: there is no column {name!r}; columns are {', '.join(header)[:200]}."
            )
    number = 0
    for row in rows:
        if not any(cell.strip() for cell in row):
            continue
        number += 1
        said: dict[str, Any] = dict(zip(header, row, strict=False))
        if len(row) != len(header):
            said[FAULT] = f"the row has {len(row)} cells, the header {len(header)}; is the file cut off?"
        x, y = (_number(said.get(name, ""), empty) for name in (table.x, table.y))
        point = None if x is None or y is None else {"type": "Point", "coordinates": [x, y]}
        yield RawRecord(number, {"properties": said, "geometry": point})


def _number(cell: str, empty: list[str]) -> float | str | None:
    """The coordinate; what is no number stays text and is refused where places are read."""
    text = cell.strip()
    if not text or text in empty:
        return None
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        return text[:40]
    return value if math.isfinite(value) else text
