"""What an import of permits, or of events and detours, did, for people and for machines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from geo_service.construction.import_report import Remark


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryReport:
    """Counts of one import, of the raw records.

    written: how many stand in which state now, of those written. held: meant to be binding, but something
    is in the way. kept: changed or gone at the source, left as they are here. merged: read together with
    another record. left_out: by reason, no fault.
    """

    file: str
    source: str
    attribution: str
    licence: str
    delivered: int
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    gone: int = 0
    written: Mapping[str, int] = field(default_factory=dict)
    refused: tuple[Remark, ...] = ()
    held: tuple[Remark, ...] = ()
    kept: tuple[Remark, ...] = ()
    merged: int = 0
    repaired: tuple[Remark, ...] = ()
    parts_left_out: tuple[Remark, ...] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)
    untranslated: Mapping[str, int] = field(default_factory=dict)
