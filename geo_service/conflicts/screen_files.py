"""What a screening found as GeoJSON and CSV, written as it comes; and as the JSON of one finding."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import orjson

from geo_service.conflicts.finding import OtherObject, finding_document, other_document
from geo_service.conflicts.screen_pairs import Screened
from geo_service.errors import SetupError
from geo_service.identity.caller import Caller
from geo_service.interval import Interval

ENDINGS = (".geojson", ".csv")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would run a cell that begins so
_OBJECT_COLUMNS = (
    "collection",
    "id",
    "reference",
    "town",
    "label",
    "use_type",
    "kind",
    "status",
    "from",
    "until",
)
_COLUMNS = (
    "id", "number", "rule", "severity", "could_be", "title",
    *(f"mine_{name}" for name in _OBJECT_COLUMNS), *(f"other_{name}" for name in _OBJECT_COLUMNS),
    "from", "until", "measured", "limit", "unit", "missing", "needed_for_grant", "explanation", "advice",
    "legal_source", "segment", "rule_version", "geometry",
)  # fmt: skip


def screened_document(one: Screened, caller: Caller | None = None) -> dict[str, Any]:
    """A finding as in answers to checks, with `mine`; cut to the caller, uncut without one."""
    other = one.finding.other
    return {
        **finding_document(one.finding, caller or _desk_of(other or one.mine)),
        "mine": other_document(one.mine, caller or _desk_of(one.mine)),
    }


def _desk_of(thing: OtherObject) -> Caller:
    return Caller(role="clerk", town=thing.town or "", name="console")


def feature_of(document: dict[str, Any]) -> dict[str, Any]:
    """The same as a GeoJSON Feature in CRS84."""
    properties = {name: value for name, value in document.items() if name not in ("id", "geometry")}
    return {
        "type": "Feature",
        "id": document["id"],
        "geometry": document["geometry"],
        "properties": properties,
    }


def geojson_lines(documents: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    """A FeatureCollection, one feature a line."""
    between = b'{"type":"FeatureCollection","features":[\n'
    for document in documents:
        yield between + orjson.dumps(feature_of(document))
        between = b",\n"
    yield b"\n]}\n" if between == b",\n" else b'{"type":"FeatureCollection","features":[]}\n'


def csv_rows(documents: Iterable[dict[str, Any]], language: str) -> Iterator[list[Any]]:
    """Head and rows; civil days from and until included, the geometry as GeoJSON in CRS84."""
    yield list(_COLUMNS)
    for document in documents:
        yield [_cell(value) for value in _values(document, language)]


def _values(document: dict[str, Any], language: str) -> Iterator[Any]:
    yield from (document[name] for name in ("id", "number", "rule", "severity", "could_be"))
    yield document["title"][language]
    yield from _object_values(document["mine"], language)
    yield from _object_values(document["other"], language)
    yield from _days(document["during"])
    yield from (document[name] for name in ("measured", "limit", "unit"))
    yield " ".join(document["missing"] or ())
    yield str(document["needed_for_grant"]).lower()
    yield document["explanation"][language]
    yield document["advice"][language]
    yield from (document[name] for name in ("legal_source", "segment", "rule_version"))
    yield None if document["geometry"] is None else orjson.dumps(document["geometry"]).decode()


def _object_values(thing: dict[str, Any] | None, language: str) -> Iterator[Any]:
    if thing is None:
        yield from (None for _ in _OBJECT_COLUMNS)
        return
    yield from (thing[name] for name in ("collection", "id", "reference", "town"))
    yield thing["label"] if language == "de" else thing["label_en"]
    yield from (thing.get(name) for name in ("use_type", "kind", "status"))
    yield from _days(thing.get("period"))


def _days(period: dict[str, str | None] | None) -> tuple[str, str]:
    """First and last civil day; empty where it is not known."""
    if period is None or period["start"] is None:
        return ("", "")
    start, end = period["start"], period["end"]
    span = Interval(datetime.fromisoformat(start), None if end is None else datetime.fromisoformat(end))
    last = span.last_day()
    return (span.first_day().isoformat(), "" if last is None else last.isoformat())


def _cell(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return "" if value is None else value


def write_screening(path: Path, documents: Iterable[dict[str, Any]], language: str) -> int:
    """Write by the ending; the file appears when it is complete. Returns how many. Raises SetupError."""
    unfinished = path.with_name(f".{path.name}.part")
    write = _write_csv if path.suffix.lower() == ".csv" else _write_geojson
    try:
        with unfinished.open("wb") as file:
            count = write(file, documents, language)
        unfinished.replace(path)
    except OSError as error:
        raise SetupError(f"{path} cannot be written: {error.strerror}.") from error
    finally:
        unfinished.unlink(missing_ok=True)
    return count


def _write_geojson(file: IO[bytes], documents: Iterable[dict[str, Any]], _language: str) -> int:
    counted = _Counted(documents)
    file.writelines(geojson_lines(counted))
    return counted.count


def _write_csv(file: IO[bytes], documents: Iterable[dict[str, Any]], language: str) -> int:
    counted = _Counted(documents)
    writer = csv.writer(_Encoded(file.write))
    file.write("\ufeff".encode())  # without it, a spreadsheet takes the umlauts for something else
    writer.writerows(csv_rows(counted, language))
    return counted.count


class _Counted:
    """Passes on what it is given and counts it."""

    def __init__(self, documents: Iterable[dict[str, Any]]) -> None:
        self._documents = documents
        self.count = 0

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for document in self._documents:
            self.count += 1
            yield document


class _Encoded:
    """What csv.writer writes to: text in, UTF-8 out."""

    def __init__(self, write: Callable[[bytes], Any]) -> None:
        self._write = write

    def write(self, text: str) -> None:
        """One row."""
        self._write(text.encode())
