"""One delivered record becomes a permit request and the status it has elsewhere, or a sentence why not."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

from geo_service.construction.feed_dates import read_period
from geo_service.construction.feed_file import RawRecord, SiteFile
from geo_service.construction.feed_geometry import FeedArea, Ground, MetresWithoutCrs, read_feed_area
from geo_service.construction.feed_profile import Period, Rule, When
from geo_service.construction.feed_site import Notes, RecordReader, Unusable
from geo_service.deliveries.profiles import M2_PER_SQFT, PermitProfile
from geo_service.deliveries.table_file import FAULT
from geo_service.errors import BadGeometry, BadInterval
from geo_service.occupations.use_request import UseRequest
from geo_service.permits.applicant import Applicant
from geo_service.permits.permit_request import PermitRequest

_YES = {
    "true": True,
    "ja": True,
    "yes": True,
    "1": True,
    "false": False,
    "nein": False,
    "no": False,
    "0": False,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveredPermit:
    """A case as it stands elsewhere. source_id: its reference there. status: in our words."""

    source_id: str
    request: PermitRequest
    status: str
    said_status: str
    filed_at: datetime | None


def read_permit(
    record: RawRecord, source_id: str, file: SiteFile, profile: PermitProfile, notes: Notes
) -> DeliveredPermit:
    """The case that a record describes. Raises Unusable; MetresWithoutCrs if the whole file is no use."""
    reader = RecordReader(record, profile, notes)
    if fault := reader.raw(FAULT):
        raise Unusable(str(fault))
    rules = profile.fields
    declared_m2 = _area_m2(reader, profile)
    use_type, status = reader.text(rules.use_type), reader.text(profile.state)
    if use_type is None:
        raise Unusable(
            f"the use {reader.raw(rules.use_type.field or '')!s:.40} is not in the profile's codes"
        )
    if status is None:
        raise Unusable(
            f"the state {reader.raw(profile.state.field or '')!s:.40} is not in the profile's codes"
        )
    try:
        area = _area(record, file, profile, declared_m2)
        period = read_period(
            profile.period, reader.raw(profile.period.start.field), reader.raw(profile.period.end.field)
        )
        filed_at = _filed_at(reader, profile)
    except MetresWithoutCrs:
        raise
    except (BadGeometry, BadInterval) as error:
        raise Unusable(error.detail) from None
    notes.widened += [source_id] if area.widened else []
    notes.open_end += period.end is None
    notes.repaired += [(source_id, sentence) for sentence in area.repaired]
    use = UseRequest(
        use_type=use_type,
        period=period,
        area=area.area,
        restriction=reader.text(rules.restriction) or "none",
        area_declared_m2=declared_m2,
        count=_count(reader, rules.count),
        commercial=_flag(reader, rules.commercial),
        charitable=_flag(reader, rules.charitable),
        remaining_footway_m=reader.metres(rules.remaining_footway_m),
        remaining_carriageway_m=reader.metres(rules.remaining_carriageway_m),
        address_text=reader.text(rules.address),
    )
    return DeliveredPermit(
        source_id=source_id,
        request=PermitRequest(
            use=use, purpose=reader.text(rules.purpose), applicant=_applicant(reader, profile)
        ),
        status=status,
        said_status=str(reader.raw(profile.state.field) if profile.state.field else status)[:80],
        filed_at=filed_at,
    )


def _area(record: RawRecord, file: SiteFile, profile: PermitProfile, declared_m2: float | None) -> FeedArea:
    """A point becomes a square of the declared area, else of the profile's width."""
    rules = profile.geometry
    if declared_m2:
        half_m = min(max(math.sqrt(declared_m2) / 2, 0.1), 200.0)
        rules = rules.model_copy(update={"point_half_width_m": half_m})
    drawn = record.get(rules.field) if rules.field else record.content.get("geometry")
    return read_feed_area(drawn, Ground(srid=file.srid, declared=file.crs_declared, rules=rules), None)


def _area_m2(reader: RecordReader, profile: PermitProfile) -> float | None:
    found = _number(reader, profile.fields.area_declared, "an area")
    if found is None or found <= 0:
        return None
    return round(found * M2_PER_SQFT if profile.area_unit == "sqft" else found, 2)


def _count(reader: RecordReader, rule: Rule | None) -> int | None:
    found = _number(reader, rule, "a count")
    return None if found is None or not 0 < found < 100_000 else int(found)


def _number(reader: RecordReader, rule: Rule | None, what: str) -> float | None:
    text = reader.text(rule)
    if text is None:
        return None
    try:
        found = float(text.replace(",", "."))
    except ValueError:
        raise Unusable(f"{text[:40]!r} is not {what}") from None
    if not math.isfinite(found):
        raise Unusable(f"{text[:40]!r} is not {what}")
    return found


def _flag(reader: RecordReader, rule: Rule | None) -> bool | None:
    text = reader.text(rule)
    return None if text is None else _YES.get(text.casefold())


def _filed_at(reader: RecordReader, profile: PermitProfile) -> datetime | None:
    """The first instant of the day of filing, read like the start of the period."""
    rule = profile.fields.filed_on
    said = None if rule is None or rule.field is None else reader.raw(rule.field)
    if said is None or rule is None or rule.field is None:
        return None
    when = When(field=rule.field, formats=profile.period.start.formats)
    return read_period(Period(zone=profile.period.zone, start=when, end=when), said, None).start


def _applicant(reader: RecordReader, profile: PermitProfile) -> Applicant | None:
    fields = profile.fields
    name = reader.text(fields.applicant_name)
    if name is None:
        return None
    return Applicant(
        name=name,
        email=reader.text(fields.applicant_email),
        phone=reader.text(fields.applicant_phone),
        address=reader.text(fields.applicant_address),
    )
