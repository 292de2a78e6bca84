"""A town as the rest of the service sees it, and how to find one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator
from shapely import to_wkb
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Row
from sqlalchemy.orm import Session

from geo_service.db.prepared import prepared_rows
from geo_service.errors import NotFound
from geo_service.sql.loader import statements, text
from geo_service.towns.cash_reference import DEFAULT_PATTERN, CheckKind, known_pattern
from geo_service.towns.mail_address import known_address
from geo_service.towns.message_texts import known_texts


class NoSuchTown(NotFound):
    """There is no town under this name or AGS."""


class TownTexts(BaseModel):
    """What the town says in one language: shown on pages and notices, as text only."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    greeting: str
    contact: str
    legal_remedy: str


class TownTextsByLanguage(BaseModel):
    """German and English."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    de: TownTexts
    en: TownTexts


class FeeSettings(BaseModel):
    """How the town's treasury numbers fee notices and when they are due (towns/cash_reference.py).

    Due payment_days after the notification, which counts as made notification_days after the decision: four
    days for a letter since 2025 (§ 41 (2) VwVfG; whether Hessen follows is unverified). Never on a day off.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    cash_reference: Annotated[str, AfterValidator(known_pattern)] = DEFAULT_PATTERN
    check: CheckKind = "luhn"
    notification_days: Annotated[int, Field(ge=0, le=30)] = 4
    payment_days: Annotated[int, Field(ge=0, le=365)] = 14


class MailSettings(BaseModel):
    """Addresses of the town's messages; unset: the sender of the service, and no message to the office."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    sender: Annotated[str, AfterValidator(known_address)] | None = None
    office: Annotated[str, AfterValidator(known_address)] | None = None


class TownSettings(BaseModel):
    """A town's own settings, stored as one document; `settings["texts"]` is `settings.texts`."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    texts: TownTextsByLanguage
    time_zone: str = "Europe/Berlin"
    published_uses_except: tuple[str, ...] = Field(default=("umzug_halteverbot",), strict=False)
    website_origins: tuple[str, ...] = Field(default=(), strict=False)
    lead_time_days: dict[str, int] = {}
    fees: FeeSettings = FeeSettings()
    mail: MailSettings = MailSettings()
    # Language, then kind of message: the town's own wording in place of messages/texts.
    messages: Annotated[dict[str, dict[str, str]], AfterValidator(known_texts)] = {}
    # Days after which a draft is thrown away, and a case that is over loses the person. The second is
    # unverified: ten years, as vouchers of a fee may have to be kept so long; the town's own rule decides.
    draft_days: int = 30
    retention_days: int = 3650

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"there is no time zone {name!r}") from error
        return name

    def __getitem__(self, name: str) -> Any:
        if name not in type(self).model_fields:
            raise KeyError(name)
        return getattr(self, name)

    def get(self, name: str, default: Any = None) -> Any:
        """The setting `name`, or `default` where there is no such setting."""
        return self[name] if name in type(self).model_fields else default


@dataclass(frozen=True, kw_only=True, slots=True)
class Town:
    """One municipality (or unincorporated area); its boundary stays in the database."""

    ags: str
    slug: str
    name: str
    kind: str
    boundary_accuracy_m: float
    attribution: str
    reference_prefix: str | None
    accepts_requests: bool
    demo: bool
    settings: TownSettings

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which this town's days begin."""
        return ZoneInfo(self.settings.time_zone)

    def texts(self, language: str = "de") -> TownTexts:
        """The town's texts; German for every language but English."""
        return self.settings.texts.en if language == "en" else self.settings.texts.de


@dataclass(frozen=True, slots=True)
class TownShare:
    """How much of an area lies in a town, in m² (0 for lines and points)."""

    town: Town
    shared_m2: float


def find_town(session: Session, ags_or_slug: str) -> Town | None:
    """The town with this AGS or slug, or None."""
    rows = prepared_rows(session, statements("towns")["find_town"], {"ags_or_slug": ags_or_slug})
    return _town(rows[0]) if rows else None


def get_town(session: Session, ags_or_slug: str) -> Town:
    """The town with this AGS or slug. Raises NoSuchTown."""
    town = find_town(session, ags_or_slug)
    if town is None:
        raise NoSuchTown(f"There is no town {ags_or_slug!r}.")
    return town


def list_towns(session: Session) -> list[Town]:
    """Every town, by name."""
    return [_town(row) for row in session.execute(text(statements("towns")["list_towns"]))]


def towns_at(session: Session, area: BaseGeometry) -> list[TownShare]:
    """The towns that `area` (EPSG:25832, not empty) touches, the one with the largest share first."""
    rows = session.execute(text(statements("towns")["towns_at"]), {"area": to_wkb(area)})
    return [TownShare(_town(row), row.shared_m2) for row in rows]


def surroundings_of_town(session: Session, ags: str, beyond_m: float) -> tuple[float, float, float, float]:
    """West, south, east and north of a stored town's boundary and `beyond_m` more; EPSG:25832 metres."""
    asked = {"ags": ags, "beyond_m": beyond_m}
    row = session.execute(text(statements("towns")["surroundings_of_town"]), asked).one()
    return row.west_m, row.south_m, row.east_m, row.north_m


def _town(row: Row[Any]) -> Town:
    return Town(
        ags=row.ags,
        slug=row.slug,
        name=row.name,
        kind=row.kind,
        boundary_accuracy_m=row.boundary_accuracy_m,
        attribution=row.attribution,
        reference_prefix=row.reference_prefix,
        accepts_requests=row.accepts_requests,
        demo=row.demo,
        settings=TownSettings.model_validate(row.settings),
    )
