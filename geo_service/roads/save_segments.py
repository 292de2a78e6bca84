"""Brings a whole road network into the database: staged by COPY, merged set by set, in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace

import shapely
from sqlalchemy.orm import Session

from geo_service.crs import TOWN_SRID
from geo_service.roads.no_dig_years import no_dig_years
from geo_service.roads.rematch_occupations import Stranded, list_stranded, rematch_occupations
from geo_service.roads.segment import MODES, Segment
from geo_service.sql.loader import statements, text

COLUMNS = tuple(field.name for field in fields(Segment))
Box = tuple[float, float, float, float]


@dataclass(frozen=True, kw_only=True, slots=True)
class SavedSegments:
    """What a save did, in segments.

    retired: gone from the source, kept because occupations lie on them. rematched: pointers of occupations
    that moved from gone segments to those in their place; stranded: those for which none was found.
    """

    added: int
    changed: int
    unchanged: int
    gone: int
    retired: tuple[str, ...] = ()
    rematched: int = 0
    stranded: tuple[Stranded, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """Of what the delivered network is complete.

    box: west, south, east, north in EPSG:25832 metres; town: AGS. Stored segments outside stay as they are.
    With a box, a town of whose stored lines less than half are delivered stays too: a neighbour's extract
    touches it, but is not about it.
    """

    box: Box | None = None
    town: str | None = None


EVERYTHING = Scope()


def save_segments(
    session: Session, segments: Iterable[Segment], source: str, replace: bool = True
) -> SavedSegments:
    """Make the stored segments of `source` equal to `segments`; gid and node ids of known ones stay.

    replace False keeps what is stored and not among them. Runs as the operator, or as the clerk of the town
    that every segment belongs to. Raises nothing of its own; segment_id must not occur twice.
    """
    stage_segments(session, segments)
    return merge_staged(session, source, EVERYTHING if replace else None)


def stage_segments(session: Session, segments: Iterable[Segment]) -> None:
    """Load `segments` into the transaction's staging table and give each without a town its town."""
    named = statements("roads")
    for name in (
        "no_statement_timeout",
        "lock_road_import",
        "drop_incoming",
        "create_incoming",
        "create_gone",
    ):
        session.execute(text(named[name]))
    _copy(session, list(segments))
    session.execute(text(named["analyze_incoming"]))
    session.execute(text(named["assign_incoming_towns"]))


def merge_staged(session: Session, source: str, scope: Scope | None) -> SavedSegments:
    """Write what is staged; `scope` says where what is missing is gone, None that nothing is."""
    staged = session.execute(text("SELECT count(*) FROM incoming_segment")).scalar_one()
    _run(session, "save_nodes", source=source)
    _run(session, "number_incoming_nodes", source=source)
    changed = _run(session, "update_changed", source=source)
    added = _run(session, "insert_added", source=source)
    _run(session, "save_no_dig_periods", source=source, years=no_dig_years())
    saved = SavedSegments(added=added, changed=changed, unchanged=staged - added - changed, gone=0)
    return saved if scope is None else _remove_gone(session, source, scope, saved)


def _remove_gone(session: Session, source: str, scope: Scope, saved: SavedSegments) -> SavedSegments:
    west_m, south_m, east_m, north_m = scope.box or (None, None, None, None)
    _run(
        session,
        "find_gone",
        source=source,
        town=scope.town,
        west_m=west_m,
        south_m=south_m,
        east_m=east_m,
        north_m=north_m,
    )
    rematched = rematch_occupations(session, source)
    _run(session, "retire_pointed_at")
    retired = session.execute(text(statements("roads")["list_retired"])).scalars().all()
    stranded = list_stranded(session) if retired else ()
    gone = _run(session, "delete_gone")
    _run(session, "delete_unused_nodes", source=source)
    return replace(saved, gone=gone, retired=tuple(retired), rematched=rematched, stranded=stranded)


def _run(session: Session, name: str, **values: object) -> int:
    result = session.execute(text(statements("roads")[name]), values)
    return int(getattr(result, "rowcount", 0))


def _copy(session: Session, segments: Sequence[Segment]) -> None:
    axes = shapely.set_srid([segment.axis for segment in segments], TOWN_SRID)
    axes_hex = shapely.to_wkb(axes, hex=True, include_srid=True)
    connection = session.connection().connection.driver_connection
    assert connection is not None
    with connection.cursor() as cursor, cursor.copy(statements("roads")["copy_incoming"]) as copy:
        for segment, axis_hex in zip(segments, axes_hex, strict=True):
            copy.write_row(_row(segment, axis_hex))


def _row(segment: Segment, axis_hex: str) -> list[object]:
    row: list[object] = [getattr(segment, name) for name in COLUMNS]
    row[_AXIS] = axis_hex
    row[_MODES] = [mode for mode in MODES if mode in segment.modes]
    row[_FUNCTIONS] = sorted(segment.network_function)
    return row


_AXIS, _MODES, _FUNCTIONS = (COLUMNS.index(name) for name in ("axis", "modes", "network_function"))
