"""What an import of roads did, for people and for machines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from geo_service.roads.rematch_occupations import Stranded


@dataclass(frozen=True, kw_only=True, slots=True)
class ClassTotal:
    """Segments of one road class in one town (AGS; None: outside every known town)."""

    town: str | None
    town_name: str | None
    road_class: str
    segments: int
    length_km: float


@dataclass(frozen=True, kw_only=True, slots=True)
class RoadReport:
    """Counts of one import.

    lines, outlines (edges of squares, among the lines), length_km and crossing_lines (in two towns, or
    partly in none) are the file's. skipped: lines, by reason; unknown: values that were not understood, by
    field and value. elsewhere: segments left out because one town was asked for. retired: ids of segments
    that are gone, but kept because occupations lie on them. rematched: what occupations said about gone
    segments and now say about those in their place; stranded: those for which none was found.
    """

    file: str
    source: str
    lines: int
    outlines: int
    length_km: float
    crossing_lines: int
    skipped: Mapping[str, int]
    unknown: Mapping[str, int]
    elsewhere: int
    added: int
    changed: int
    unchanged: int
    gone: int
    retired: tuple[str, ...]
    rematched: int
    stranded: tuple[Stranded, ...]
    totals: tuple[ClassTotal, ...]

    @property
    def segments(self) -> int:
        """Segments that the file delivered (for the town that was asked for)."""
        return self.added + self.changed + self.unchanged
