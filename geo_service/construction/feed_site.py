"""One delivered record becomes a construction site, or a sentence that says why it cannot."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID, uuid5

from geo_service.construction.feed_dates import read_period
from geo_service.construction.feed_file import RawRecord, SiteFile
from geo_service.construction.feed_geometry import Ground, MetresWithoutCrs, read_feed_area
from geo_service.construction.feed_profile import Profile, Rule, Scalar
from geo_service.construction.site import ConstructionSite
from geo_service.errors import BadGeometry, BadInterval

_NAMESPACE = UUID("5a8c4f7e-3f0e-5d0b-9b0a-6f1f7a3c2d10")  # site ids follow from source and source id
_MAX_TEXT = 500
_YES = (True, 1, "true", "True", "ja", "1")


@dataclass(slots=True)
class Notes:
    """What happened to records that were kept: sentences by source id, and codes nobody translated."""

    repaired: list[tuple[str, str]] = field(default_factory=list)
    left_out: list[tuple[str, str]] = field(default_factory=list)
    widened: list[str] = field(default_factory=list)
    open_end: int = 0
    untranslated: Counter[tuple[str, str]] = field(default_factory=Counter)


class Unusable(Exception):
    """The record cannot become a site; the message is for the person who delivers it."""


def site_id_of(source: str, source_id: str) -> UUID:
    """The same works have the same id at every import."""
    return uuid5(_NAMESPACE, f"{source}|{source_id}")


def read_site(
    records: Sequence[RawRecord], source_id: str, file: SiteFile, profile: Profile, notes: Notes
) -> ConstructionSite:
    """The site that the records of one id describe; the first one speaks for all but the geometry.

    Raises Unusable; MetresWithoutCrs when the whole file cannot be read.
    """
    record = records[0]
    reader = RecordReader(record, profile, notes)
    try:
        period = read_period(
            profile.period, reader.raw(profile.period.start.field), reader.raw(profile.period.end.field)
        )
        area = read_feed_area(_geometry(records, profile), _ground(file, profile), _half_width_m(reader))
    except MetresWithoutCrs:
        raise
    except (BadGeometry, BadInterval) as error:
        raise Unusable(error.detail) from None
    facts = _facts(reader)
    notes.repaired += [(source_id, sentence) for sentence in area.repaired]
    notes.left_out += [(source_id, sentence) for sentence in area.left_out]
    notes.widened += [source_id] if area.widened else []
    notes.open_end += period.end is None
    return ConstructionSite(
        site_id=site_id_of(profile.source, source_id),
        area=area.area,
        period=period,
        source=profile.source,
        source_id=source_id,
        is_public=profile.public,
        area_widened=area.widened,
        case_group=_group(reader),
        **facts,
    )


def _facts(reader: RecordReader) -> dict[str, Any]:
    fields = reader.profile.fields
    number = reader.text(fields.utility)
    return {
        "title": reader.text(fields.title) or "Baustelle",
        "case_number": reader.text(fields.case_number),
        "client": reader.text(fields.client),
        "stated_street": reader.text(fields.street),
        "stated_street_key": reader.text(fields.street_key),
        "kind": reader.text(fields.kind) or "sonstige",
        "utility": int(number) if number is not None and number.isdigit() else None,
        "excavation": reader.value(fields.excavation) in _YES,
        "restriction": reader.text(fields.restriction) or "none",
        "takes": reader.takes(),
        "remaining_carriageway_m": reader.metres(fields.remaining_carriageway_m),
        "remaining_footway_m": reader.metres(fields.remaining_footway_m),
        "pedestrian_guidance": reader.text(fields.pedestrian_guidance),
        "cycle_guidance": reader.text(fields.cycle_guidance),
        "confidence": reader.text(fields.confidence) or "unknown",
        "state": reader.text(reader.profile.state) or "confirmed",
    }


@dataclass(frozen=True, slots=True)
class RecordReader:
    record: RawRecord
    profile: Profile
    notes: Notes

    def raw(self, name: str) -> Any:
        """The value of a field, `a|b`: of the first that is there, `a + b`: both; None = says nothing."""
        if " + " in name:
            return " + ".join(_said(self.raw(each)) for each in name.split(" + "))
        if "|" in name:
            name = next(filter(self.record.has, name.split("|")), name)
        value = self.record.get(name)
        if isinstance(value, str):
            value = value.strip().replace("\x00", "")
            return None if value in self.profile.empty_values else value
        return None if isinstance(value, float) and not math.isfinite(value) else value

    def value(self, rule: Rule | None) -> Scalar:
        """The value of ours that the rule gives."""
        if rule is None:
            return None
        if rule.field is None:
            return rule.value
        if rule.free:
            return self._free(rule.field, rule.otherwise)
        found = self.raw(rule.field)
        if found is None:
            return rule.otherwise
        said = _said(found)
        if rule.contains:
            hits = (code for words, code in rule.contains.items() if words.casefold() in said.casefold())
            return next(hits, rule.otherwise)
        if rule.codes and said not in rule.codes and not rule.complete:
            self.notes.untranslated[(rule.field, said[:60])] += 1
        return (rule.codes or {}).get(said, rule.otherwise)

    def _free(self, field: str, otherwise: Scalar) -> Scalar:
        """The field's own words; several fields joined by a dash, each text once."""
        several = [each for name in field.split(" + ") if (each := self.raw(name)) is not None]
        plain = [each for each in several if not isinstance(each, dict | list)]
        if len(plain) == 1:
            return cast(Scalar, plain[0])
        return " – ".join(dict.fromkeys(_said(each) for each in plain)) or otherwise

    def text(self, rule: Rule | None) -> str | None:
        """The same as text of reasonable length."""
        value = self.value(rule)
        if value is None:
            return None
        text = " ".join(str(value).split())
        return text if len(text) <= _MAX_TEXT else text[: _MAX_TEXT - 1] + "…"

    def metres(self, rule: Rule | None) -> float | None:
        """A width in metres; a comma may stand for the point."""
        text = self.text(rule)
        try:
            found = None if text is None else float(text.removesuffix("m").strip().replace(",", "."))
        except ValueError:
            raise Unusable(f"{text!r} is not a width in metres") from None
        return found if found is not None and 0 <= found < 100 else None

    def takes(self) -> frozenset[str] | None:
        """What is taken, where the feed says so; None = to be read off the drawing."""
        flags = self.profile.fields.takes
        if flags is None or not any(self.record.has(name) for names in flags.values() for name in names):
            return None
        return frozenset(
            ours for ours, names in flags.items() if any(self.raw(name) in _YES for name in names)
        )


def _group(reader: RecordReader) -> UUID | None:
    """The same for all sites that the feed itself declares to belong together."""
    rule = reader.profile.belongs_together
    said = None if rule is None else reader.raw(rule.field)
    if rule is None or said is None:
        return None
    text = _said(said) if rule.before is None else _said(said).split(rule.before)[0]
    return uuid5(_NAMESPACE, f"{reader.profile.source}|together|{text}")


def _said(value: Any) -> str:
    """A value as the codes of a profile compare it."""
    return "-" if value is None else str(value).lower() if isinstance(value, bool) else str(value).strip()


def _ground(file: SiteFile, profile: Profile) -> Ground:
    return Ground(srid=file.srid, declared=file.crs_declared, rules=profile.geometry)


def _half_width_m(reader: RecordReader) -> float | None:
    name = reader.profile.geometry.line_half_width_field
    width = None if name is None else reader.metres(Rule(field=name))
    return width or None


def _geometry(records: Sequence[RawRecord], profile: Profile) -> Any:
    name = profile.geometry.field
    found = []
    for record in records:
        drawn = None if name is None else record.get(name)
        found.append(record.content.get("geometry") if drawn is None else drawn)
    return found[0] if len(found) == 1 else {"type": "GeometryCollection", "geometries": found}
