"""The grant fixes the fee; an early end gives back what the town's tariff says."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlalchemy.orm import Session

from geo_service.as_written import day_text
from geo_service.days_off import days_off
from geo_service.db.database import speaking_as_system
from geo_service.fees.calculate import FeeQuestion
from geo_service.fees.in_force import tariff_in_force
from geo_service.fees.notice import Booking, FeeNotice, FixedFee, book, find_notice, issue_notice
from geo_service.fees.refund import Charged, Why, unused_part
from geo_service.identity.caller import Caller
from geo_service.interval import TOWN_ZONE
from geo_service.permits.permit import Permit
from geo_service.towns.town import Town

_REASONS: dict[Why, str] = {
    "revoked": "Widerruf", "surrendered": "Rückgabe vor Beginn", "cleared_early": "Vorzeitige Räumung",
    "changed": "Ersetzt durch eine geänderte Erlaubnis",
}  # fmt: skip
_ENDINGS: dict[tuple[str, str], Why] = {
    ("granted", "revoked"): "revoked",
    ("active", "revoked"): "revoked",
    ("granted", "surrendered"): "surrendered",
    ("active", "ended"): "cleared_early",
}


def settle_fee(session: Session, permit: Permit, town: Town, to: str, *, by: Caller, as_of: datetime) -> None:
    """What a step to `to` means for the fee of `permit` (as it was before): fixed, or a part given back."""
    if to == "granted":
        fix_fee(session, permit, town, by=by, as_of=as_of)
    elif why := _ENDINGS.get((permit.status, to)):
        _credit(session, permit, why, used_until=as_of, as_of=as_of)


def fix_fee(session: Session, permit: Permit, town: Town, *, by: Caller, as_of: datetime) -> None:
    """Issue the notice of a case being granted, for the fee that it shows; none where it costs nothing.

    The fee is that of the tariff in force when the case was last asked for, as the applicant has seen it, or
    the amount that a clerk has set.
    """
    if permit.fee is None or Decimal(permit.fee["total_eur"]) <= 0:
        return
    fixed = FixedFee(permit_id=permit.permit_id, document=permit.fee, due_on=due_day(town, as_of))
    issue_notice(session, town, fixed, by_name=by.name, as_of=as_of)


def due_day(town: Town, as_of: datetime) -> date:
    """By when a notice of today is to be paid: days after the notification, never a day without work."""
    settings = town.settings.fees
    notified = as_of.astimezone(town.zone).date() + timedelta(days=settings.notification_days)
    day = notified + timedelta(days=settings.payment_days)
    calendar = days_off()
    while not calendar.is_working_day(day):
        day += timedelta(days=1)
    return day


def credit_replaced(session: Session, parent: Permit, child: Permit, *, as_of: datetime) -> FeeNotice | None:
    """Credit what a permit does not use because its child takes its place; the child has a fee of its own."""
    used_until = min(child.use.period.start, as_of)
    return _credit(session, parent, "changed", used_until=used_until, as_of=as_of)


def _credit(
    session: Session, permit: Permit, why: Why, *, used_until: datetime, as_of: datetime
) -> FeeNotice | None:
    with speaking_as_system(session, permit.town):  # the applicant books nothing
        notice = find_notice(session, permit.permit_id, as_of=as_of)
        if notice is None:
            return None
        left = notice.amount_eur - notice.credits_eur
        back = min(_to_give_back(session, permit, notice, why, used_until), left)
        if back <= 0:
            return None
        day = as_of.astimezone(TOWN_ZONE).date()
        reason = f"{_REASONS[why]} am {day_text(day, 'de')}: nicht genutzter Teil nach Tarif"
        booking = Booking(kind="credit", on_day=day, amount_eur=back, reason=reason)
        return book(session, notice, booking, by_name="system", as_of=as_of)


def _to_give_back(
    session: Session, permit: Permit, notice: FeeNotice, why: Why, used_until: datetime
) -> Decimal:
    fee = notice.fee
    if not fee.get("tariff_from"):
        return Decimal(0)
    tariff = tariff_in_force(session, permit.town, date.fromisoformat(fee["tariff_from"]))
    if tariff is None:
        return Decimal(0)
    by_tariff = "set" not in fee
    kept = Decimal(fee.get("surcharges_eur", "0")) if by_tariff else Decimal(0)
    charged = Charged(total_eur=notice.amount_eur, kept_eur=kept, by_tariff=by_tariff)
    return unused_part(tariff, why, _question(permit, fee), charged, used_until=used_until)


def _question(permit: Permit, fee: dict[str, object]) -> FeeQuestion:
    use = permit.use
    return FeeQuestion(
        use_type=use.use_type, area_m2=use.area_m2, period=use.period, count=use.count,
        frontage_m=use.frontage_m, zone=use.zone, commercial=use.commercial, charitable=use.charitable,
        urgent=bool(fee.get("urgent")),
    )  # fmt: skip
