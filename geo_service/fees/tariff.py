"""A town's tariff as data: positions with prices, and surcharges, in force from a day.

Prices inside one item are alternatives (the mode chooses); items of the same use add up.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from geo_service.errors import BadTownFolder, FieldFault
from geo_service.towns.faults import faults_of, refusal

Basis = Literal["m2", "running_metre", "piece", "flat"]
Unit = Literal["day", "week", "month", "season", "year", "once"]
RefundRule = Literal["none", "unused_days", "recalculated"]
Mode = Literal["cheapest", "longest_unit", "day_only", "months_then_days"]
UNITS_BY_LENGTH: tuple[Unit, ...] = ("once", "day", "week", "month", "season", "year")


class BadTariff(BadTownFolder):
    """The tariff is faulty."""


def _number(value: Any) -> Decimal:
    """YAML's 0.40 or a stored "0.40"; not free text, not true, not infinite."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise ValueError(f"a number is wanted, not {value!r}")
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        hint = "; write a point, not a comma" if isinstance(value, str) and "," in value else ""
        raise ValueError(f"a number is wanted, not {value!r}{hint}") from None
    if not number.is_finite():
        raise ValueError(f"a number is wanted, not {value!r}")
    return number


def _day(value: Any) -> date:
    if isinstance(value, str):
        return date.fromisoformat(value)
    if type(value) is not date:
        raise ValueError(f"a day like 2026-01-31 is wanted, not {value!r}")
    return value


Euros = Annotated[Decimal, BeforeValidator(_number), Field(ge=0, le=1_000_000, decimal_places=6)]
Units = Annotated[Decimal, BeforeValidator(_number), Field(ge=0, le=1_000_000)]
Step = Annotated[Decimal, BeforeValidator(_number), Field(gt=0, le=10_000)]
Day = Annotated[date, BeforeValidator(_day)]
Month = Annotated[int, Field(ge=1, le=12)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Label(_Part):
    """The position's name for people."""

    de: Annotated[str, Field(min_length=1)]
    en: Annotated[str, Field(min_length=1)]


class Tier(_Part):
    """A price up to and including the unit number `until` (days for a price per day); the last: no limit."""

    until: Annotated[int, Field(ge=1)] | None = None
    eur: Euros


class Price(_Part):
    """Euros for one unit of the basis and one `unit` of time; `rounding` started counts a begun one whole."""

    unit: Unit
    eur: Euros | None = None
    tiers: tuple[Tier, ...] = Field(default=(), strict=False)
    rounding: Literal["started", "exact"] = "started"

    @model_validator(mode="after")
    def _one_price(self) -> Self:
        if (self.eur is None) == (not self.tiers):
            raise ValueError("a price needs either eur or tiers")
        limits = [tier.until for tier in self.tiers]
        if limits:
            rising = [limit for limit in limits[:-1] if limit is not None]
            if limits[-1] is not None or len(rising) != len(limits) - 1 or rising != sorted(set(rising)):
                raise ValueError("tiers need rising limits (until), and the last tier none")
        return self

    def at(self, position: int) -> Decimal:
        """Euros for the unit number `position`, counted from 0."""
        if self.eur is not None:
            return self.eur
        return next(tier.eur for tier in self.tiers if tier.until is None or position < tier.until)


class Maximum(_Part):
    """Cap of an item, for each calendar year or the whole permit; `each` = for every unit of the basis."""

    eur: Euros
    period: Literal["calendar_year", "permit"]
    each: bool = False


class Item(_Part):
    """One position. `step`: the price is for each started step of so many m² (or metres, pieces)."""

    label: Label
    use_types: Annotated[tuple[str, ...], Field(min_length=1, strict=False)]
    basis: Basis
    prices: Annotated[tuple[Price, ...], Field(min_length=1, strict=False)]
    zone: str | None = None
    mode: Mode | None = None
    step: Step | None = None
    free_units: Units = Decimal(0)
    minimum_eur: Euros | None = None
    maximum: Maximum | None = None
    season_months: tuple[Month, ...] = Field(default=(), strict=False)
    charity_exempt: bool = False
    legal_source: str | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        units = [price.unit for price in self.prices]
        if len(set(units)) < len(units):
            raise ValueError("one unit of time has two prices")
        if "once" in units and len(units) > 1:
            raise ValueError("a price paid once stands alone")
        if "season" in units and not self.season_months:
            raise ValueError("a price per season needs season_months")
        if self.season_months and not set(units) <= {"day", "season"}:
            raise ValueError("season_months go with prices per day or season only")
        if self.maximum is not None and self.minimum_eur is not None and self.minimum_eur > self.maximum.eur:
            raise ValueError("minimum_eur is greater than maximum.eur")
        return self


class Surcharge(_Part):
    """An amount besides the items: administration always, urgent and site_visit where they happen."""

    kind: Literal["administration", "urgent", "site_visit"]
    label: Label
    eur: Euros
    use_types: tuple[str, ...] = Field(default=(), strict=False)  # empty: every use of the tariff
    charity_exempt: bool = False


class Refunds(_Part):
    """What is given back when a permit ends before its period does (fees/refund.py).

    revoked by the town, surrendered by its holder before it begins, cleared_early by its holder, changed:
    another permit takes its place, whose own fee covers the days that are left.
    """

    revoked: RefundRule = "none"
    surrendered: RefundRule = "none"
    cleared_early: RefundRule = "none"
    changed: RefundRule = "recalculated"  # else nobody could ask for a change without paying twice
    minimum_eur: Euros = Decimal(0)  # less than this is not given back
    legal_source: str | None = None


class Tariff(_Part):
    """One version of a town's tariff; `official` false = an example, shown as one."""

    valid_from: Day
    valid_until: Day | None = None
    official: bool
    legal_source: Annotated[str, Field(min_length=1)]
    mode: Mode
    items: Annotated[tuple[Item, ...], Field(min_length=1, strict=False)]
    surcharges: tuple[Surcharge, ...] = Field(default=(), strict=False)
    refunds: Refunds = Refunds()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.valid_until is not None and self.valid_until < self.valid_from:
            raise ValueError("valid_until lies before valid_from")
        seen: dict[tuple[str, str | None, str, int], str] = {}
        for item in self.items:
            units = {price.unit for price in item.prices}
            mode = item.mode or self.mode
            needed = {"day_only": {"day"}, "months_then_days": {"day", "month"}}.get(mode, set())
            if len(units) > 1 and not needed <= units:
                raise ValueError(
                    f"{item.label.de}: the mode {mode} needs prices per {' and '.join(sorted(needed))}"
                )
            for use in item.use_types:
                for month in item.season_months or range(1, 13):
                    key = (use, item.zone, item.basis, month)
                    if key in seen:
                        raise ValueError(
                            f"{use} is charged twice per {item.basis}: {seen[key]} and {item.label.de}"
                        )
                    seen[key] = item.label.de
        return self

    def items_for(self, use_type: str, zone: str | None) -> list[Item]:
        """The positions of a use: those of its zone, else those without a zone."""
        of_use = [item for item in self.items if use_type in item.use_types]
        zoned = [item for item in of_use if item.zone is not None and item.zone == zone]
        return zoned or [item for item in of_use if item.zone is None]


def parse_tariff(document: Mapping[str, Any], source: str) -> Tariff:
    """The tariff in `document` (one version). Raises BadTariff, each fault with `source` and its place."""
    try:
        return Tariff.model_validate(document)
    except ValidationError as error:
        raise BadTariff(
            str(refusal([FieldFault(source, fault.detail) for fault in faults_of(error)]))
        ) from None
