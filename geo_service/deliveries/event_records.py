"""Delivered records become events and detours; records of one situation are read together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from shapely import LineString, MultiLineString
from shapely.geometry.base import BaseGeometry
from shapely.ops import unary_union

from geo_service.construction.feed_dates import read_period
from geo_service.construction.feed_file import RawRecord, SiteFile, read_site_file
from geo_service.construction.feed_geometry import Ground, MetresWithoutCrs, read_feed_area
from geo_service.construction.feed_site import Notes, RecordReader, Unusable
from geo_service.construction.import_report import Remark
from geo_service.construction.save_detour import Detour
from geo_service.crs import TOWN_SRID, reproject
from geo_service.deliveries.profiles import EventProfile, strongest
from geo_service.deliveries.records import Delivered, digest_of, no_id, source_id_of
from geo_service.errors import BadGeometry, BadInterval, BadSiteFile
from geo_service.events.save_event import Event
from geo_service.interval import Interval

_NAMESPACE = UUID("c7f1c0de-6f0c-5d0a-9a53-0a8f5b1f4e77")  # our ids follow from source and source id


@dataclass(slots=True)
class EventDelivery:
    """A file read with its profile; nothing is stored yet. left_out: neither, by reason. merged: closures."""

    file: SiteFile
    profile: EventProfile
    events: dict[str, Event] = field(default_factory=dict)
    detours: dict[str, Detour] = field(default_factory=dict)
    rows: dict[str, Delivered] = field(default_factory=dict)
    nameless: list[Remark] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    merged: int = 0
    notes: Notes = field(default_factory=Notes)


@dataclass(slots=True)
class _Situation:
    """The records of one group; a record without a group is a situation of its own."""

    events: list[tuple[str, RawRecord]] = field(default_factory=list)
    detours: list[tuple[str, RawRecord]] = field(default_factory=list)
    parts: list[RawRecord] = field(default_factory=list)


def read_events(path: Path, profile: EventProfile) -> EventDelivery:
    """Every record of a GeoJSON file, used or refused one by one. Raises BadSiteFile if it is no use."""
    found = EventDelivery(read_site_file(path, profile), profile)
    if not found.file.records:
        raise BadSiteFile(f"{path.name}: the file holds no record.")
    try:
        for situation in _situations(found).values():
            _read_situation(found, situation)
    except MetresWithoutCrs as error:
        raise BadSiteFile(f"{path.name}: {error.detail}") from None
    return found


def _situations(found: EventDelivery) -> dict[str, _Situation]:
    profile = found.profile
    situations: dict[str, _Situation] = {}
    for record in found.file.records:
        reader = RecordReader(record, profile, found.notes)
        source_id, kind = source_id_of(record, profile), reader.text(profile.record)
        if kind is None:
            said = reader.raw(profile.record.field or "")
            found.left_out[f"neither event nor detour: {str(said)[:60]}"] += 1
            continue
        if source_id is None:
            found.nameless.append(no_id(record, profile))
            continue
        group = reader.raw(profile.group) if profile.group else None
        situation = situations.setdefault(f"group {group}" if group else f"record {source_id}", _Situation())
        if kind == "part":
            situation.parts.append(record)
        else:
            (situation.events if kind == "event" else situation.detours).append((source_id, record))
    return situations


def _read_situation(found: EventDelivery, situation: _Situation) -> None:
    if situation.events:
        found.merged += len(situation.parts)
    elif situation.parts:
        found.left_out["a closure that belongs to no event"] += len(situation.parts)
    for source_id, record in situation.events:
        row = _row(found, source_id, (record, *situation.parts))
        if row is not None:
            with _refused_in(row):
                found.events[source_id] = _event(found, source_id, record, situation.parts)
    belongs_to = _only(found, situation)
    for source_id, record in situation.detours:
        row = _row(found, source_id, (record,))
        if row is not None:
            with _refused_in(row):
                found.detours[source_id] = _detour(found, source_id, record, belongs_to)


@contextmanager
def _refused_in(row: Delivered) -> Iterator[None]:
    """What is wrong with a record is noted in its line; what is wrong with the whole file is raised."""
    try:
        yield
    except MetresWithoutCrs:
        raise
    except (Unusable, BadInterval, BadGeometry) as error:
        row.refused = str(error)


def _row(found: EventDelivery, source_id: str, records: tuple[RawRecord, ...]) -> Delivered | None:
    """The record's line in the ledger; None (and both refused) when its id occurred before."""
    first = found.rows.get(source_id)
    if first is not None:
        first.refused = f"several records have this id (records {first.number}, {records[0].number})"
        found.events.pop(source_id, None)
        found.detours.pop(source_id, None)
        return None
    found.rows[source_id] = Delivered(records[0].number, digest_of(records, found.profile))
    return found.rows[source_id]


def _only(found: EventDelivery, situation: _Situation) -> UUID | None:
    """The event that the detours of a situation serve, if there is exactly one."""
    ids = [found.events[each].event_id for each, _ in situation.events if each in found.events]
    return ids[0] if len(ids) == 1 else None


def _event(found: EventDelivery, source_id: str, record: RawRecord, parts: Sequence[RawRecord]) -> Event:
    """The closures of its situation say where an event is; its own point only where there are none."""
    profile, reader = found.profile, RecordReader(record, found.profile, found.notes)
    period = _period(reader, profile)
    ground = _ground(found)
    areas, faults, restrictions = [], [], [reader.text(profile.fields.restriction) or "none"]
    for part in parts:
        restrictions.append(
            RecordReader(part, profile, found.notes).text(profile.fields.restriction) or "none"
        )
        try:
            areas.append(read_feed_area(part.content.get("geometry"), ground, None).area)
        except MetresWithoutCrs:
            raise
        except BadGeometry as error:
            faults.append(f"closure (record {part.number}): {error.detail}")
    if not areas:
        areas.append(read_feed_area(record.content.get("geometry"), ground, None).area)
    found.notes.left_out += [(source_id, fault) for fault in faults]
    found.notes.open_end += period.end is None
    return Event(
        event_id=uuid5(_NAMESPACE, f"event|{profile.source}|{source_id}"),
        title=reader.text(profile.fields.title) or "Veranstaltung",
        kind=reader.text(profile.fields.event_kind) or "sonstige",
        area=unary_union(areas),
        period=period,
        state=reader.text(profile.state) or "planned",
        restriction=strongest(restrictions),
        source=profile.source,
        source_id=source_id,
    )


def _detour(found: EventDelivery, source_id: str, record: RawRecord, belongs_to: UUID | None) -> Detour:
    profile, reader = found.profile, RecordReader(record, found.profile, found.notes)
    return Detour(
        detour_id=uuid5(_NAMESPACE, f"detour|{profile.source}|{source_id}"),
        title=reader.text(profile.fields.title) or "Umleitung",
        way=_way(record.content.get("geometry"), _ground(found)),
        period=_period(reader, profile),
        state=profile.detour_state,
        source=profile.source,
        source_id=source_id,
        modes=frozenset(profile.modes),
        belongs_to=belongs_to,
    )


def _period(reader: RecordReader, profile: EventProfile) -> Interval:
    start, end = profile.period.start.field, profile.period.end.field
    return read_period(profile.period, reader.raw(start), reader.raw(end))


def _ground(found: EventDelivery) -> Ground:
    return Ground(srid=found.file.srid, declared=found.file.crs_declared, rules=found.profile.geometry)


def _way(geojson: Any, ground: Ground) -> BaseGeometry:
    """The drawn way in EPSG:25832. Raises BadGeometry for what is no line with a length."""
    if not isinstance(geojson, dict):
        raise BadGeometry("there is no geometry")
    kind, coordinates = geojson.get("type"), geojson.get("coordinates")
    if kind not in ("LineString", "MultiLineString"):
        raise BadGeometry(f"a detour is a line, not a {str(kind)[:30]}")
    read_feed_area(geojson, ground, None)  # every check of places: numbers, plausible, not too many
    assert isinstance(coordinates, list)
    lines = [coordinates] if kind == "LineString" else coordinates
    drawn = [LineString([position[:2] for position in line]) for line in lines if len(line) > 1]
    way = drawn[0] if len(drawn) == 1 else MultiLineString(drawn)
    return reproject(way, ground.srid, TOWN_SRID)
