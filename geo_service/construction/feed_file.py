"""Reads a delivered file of construction sites into raw records; only the file itself is judged here."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from geo_service.construction.feed_profile import CRS84, Profile, srid_of
from geo_service.errors import BadSiteFile

MAX_BYTES = 500_000_000


@dataclass(frozen=True, slots=True)
class RawRecord:
    """One delivered record. number: its place in the file, from 1. content: the JSON object as delivered."""

    number: int
    content: Mapping[str, Any]

    def get(self, field: str) -> Any:
        """A field of the properties (`a.b` reaches into a); `/a` reads from the top of the record."""
        if field.startswith("/"):
            return _reach(self.content, field[1:])
        return _reach(self.content.get("properties", self.content), field)

    def has(self, field: str) -> bool:
        """True if the field is there, be it null."""
        top = self.content if field.startswith("/") else self.content.get("properties", self.content)
        name = field.lstrip("/")
        while isinstance(top, Mapping):
            if name in top:
                return True
            head, _, name = name.partition(".")
            top = top.get(head)
        return False


@dataclass(frozen=True, kw_only=True, slots=True)
class SiteFile:
    """srid: of the coordinates; `crs_declared` false = nobody said so, it is GeoJSON's own default."""

    name: str
    records: tuple[RawRecord, ...]
    srid: int
    crs_declared: bool
    snapshot: datetime | None


def _reach(content: Any, field: str) -> Any:
    if not isinstance(content, Mapping):
        return None
    if field in content:
        return content[field]
    head, _, tail = field.partition(".")
    return _reach(content.get(head), tail) if tail else None


def raw_hash(records: tuple[RawRecord, ...], ignored: list[str]) -> str:
    """The same for the same delivery: any property counts but those the profile ignores."""
    whole = [_without(record.content, ignored) for record in records]
    text = json.dumps(whole, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _without(content: Mapping[str, Any], ignored: list[str]) -> Mapping[str, Any]:
    properties = content.get("properties")
    if not ignored or not isinstance(properties, Mapping):
        return content
    return {**content, "properties": {key: properties[key] for key in properties if key not in ignored}}


def read_site_file(path: Path, profile: Profile) -> SiteFile:
    """The records of a file. Raises BadSiteFile with one readable line."""
    content = _json(path, profile.encoding)
    records = tuple(_records(path, content, profile))
    srid, declared = _srid(path, content, records, profile)
    return SiteFile(
        name=path.name,
        records=records,
        srid=srid,
        crs_declared=declared,
        snapshot=_snapshot(path, content, profile),
    )


def _json(path: Path, encoding: str) -> Any:
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
        text = data.decode("utf-8-sig" if encoding == "utf-8" else encoding)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise BadSiteFile(
            f"{path.name}:{line}: not {encoding}; state the true encoding in the profile (encoding: latin-1)."
        ) from None
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        at_end = error.pos >= len(text.rstrip()) - 1 or error.msg.startswith("Unterminated")
        cut = " The file seems to be cut off." if at_end else ""
        raise BadSiteFile(f"{path.name}:{error.lineno}: not valid JSON: {error.msg}.{cut}") from None
    except RecursionError:
        raise BadSiteFile(f"{path.name}: nested too deeply.") from None


def _records(path: Path, content: Any, profile: Profile) -> Iterator[RawRecord]:
    found = content
    if isinstance(content, Mapping):
        found = _reach(content, profile.records or "features")
    if not isinstance(found, list):
        wanted = f"a list under {profile.records!r}" if profile.records else "a GeoJSON FeatureCollection"
        raise BadSiteFile(f"{path.name}: the file holds no {wanted.removeprefix('a ')}.")
    for number, record in enumerate(found, start=1):
        yield RawRecord(number, record if isinstance(record, Mapping) else {})


def _srid(path: Path, content: Any, records: tuple[RawRecord, ...], profile: Profile) -> tuple[int, bool]:
    """The one CRS that file or profile declare. Raises BadSiteFile when they disagree."""
    names = set()
    if isinstance(content, Mapping) and content.get("crs") is not None:
        name = _reach(content, "crs.properties.name")
        if not isinstance(name, str):
            raise BadSiteFile(f"{path.name}: its crs member is not readable.")
        names.add(name)
    names |= {name for record in records if isinstance(name := record.content.get("srsName"), str)}
    declared = {name: srid_of(name) for name in sorted(names)}
    for name, srid in declared.items():
        if srid is None:
            raise BadSiteFile(f"{path.name}: its CRS {name[:60]!r} is not known; name it in the profile.")
    codes = {srid for srid in declared.values() if srid is not None}
    wanted = None if profile.crs is None else srid_of(profile.crs)
    if len(codes) > 1 or (codes and wanted is not None and wanted not in codes):
        raise BadSiteFile(
            f"{path.name}: the file says {', '.join(declared)}"
            + (f", the profile {profile.crs}" if wanted is not None else "")
            + "; only one can be true."
        )
    srid = codes.pop() if codes else wanted
    return (CRS84, False) if srid is None else (srid, True)


def _snapshot(path: Path, content: Any, profile: Profile) -> datetime | None:
    if profile.snapshot_time is None:
        return None
    said = _reach(content, profile.snapshot_time)
    if said is None:
        return None
    try:
        moment = datetime.fromisoformat(str(said))
    except ValueError:
        raise BadSiteFile(
            f"{path.name}: {profile.snapshot_time} is not a time: {str(said)[:40]!r}."
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
