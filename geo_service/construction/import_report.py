"""What an import of construction sites did, for people and for machines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Remark:
    """What is to be said about one record. source_id: as the feed has it; number: its place in the file."""

    source_id: str
    number: int | None
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SiteReport:
    """Counts of one import.

    delivered, added (returned among them), changed, unchanged and gone are counted on the raw records, before
    repair or refusal. stored: sites written this time. refused: not read, the reason with each; what was
    stored of them before stays. held: meant to be confirmed, kept planned because something blocks them.
    street_agrees: sites in the street that the feed states; street_disagrees: those that lie elsewhere.
    elsewhere: left out because one town was asked for. left_out: by the profile's own rule. merged: records
    that share their site with another. snapshot: instant that the file describes; gone_from: its civil day.
    """

    file: str
    source: str
    attribution: str
    licence: str
    snapshot: str
    gone_from: str
    delivered: int
    added: int
    returned: int
    changed: int
    unchanged: int
    gone: int
    stored: int
    elsewhere: int
    left_out: int
    merged: int
    open_end: int
    widened: int
    refused: tuple[Remark, ...]
    repaired: tuple[Remark, ...]
    parts_left_out: tuple[Remark, ...]
    held: tuple[Remark, ...]
    untranslated: Mapping[str, int]
    findings: Mapping[str, int]
    street_agrees: int = 0
    street_disagrees: tuple[Remark, ...] = ()
