"""A town as a folder of data: town.toml and boundary.geojson (tariff.yaml and rules.yaml are read above)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field, ValidationError

from geo_service.errors import BadTownFolder
from geo_service.towns.boundary import Boundary, read_boundary
from geo_service.towns.faults import Document, faults_of, read_toml
from geo_service.towns.town import TownSettings

_ORIGIN = re.compile(r"https?://[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?")


def _origin(address: str) -> str:
    if not _ORIGIN.fullmatch(address):
        raise ValueError(
            f"{address!r} is not an address like https://www.example.org (no path, small letters)"
        )
    return address


def _ags(ags: str) -> str:
    if not re.fullmatch("[0-9]{8}", ags):
        raise ValueError(f"{ags!r} is not an AGS: eight digits in quotes")
    return ags


def _slug(slug: str) -> str:
    if not re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", slug) or slug.isdigit() or len(slug) > 60:
        raise ValueError(
            f"{slug!r} is not a slug: small letters a-z, digits and single hyphens, not digits alone"
        )
    return slug


def _prefix(prefix: str) -> str:
    if not re.fullmatch("[A-Z]{2,5}", prefix):
        raise ValueError(f"{prefix!r} is not a prefix of references: two to five capital letters A-Z")
    return prefix


class TownFile(TownSettings):
    """The keys of town.toml: what the town is, and its settings."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    ags: Annotated[str, AfterValidator(_ags)]
    slug: Annotated[str, AfterValidator(_slug)]
    name: Annotated[str, Field(min_length=1, max_length=100)]
    kind: Literal["Stadt", "Gemeinde", "gemeindefreies Gebiet"]
    reference_prefix: Annotated[str, AfterValidator(_prefix)]
    accepts_requests: bool
    demo: bool
    boundary_accuracy_m: Annotated[float, Field(ge=0, le=1000, allow_inf_nan=False)]
    website_origins: tuple[Annotated[str, AfterValidator(_origin)], ...] = Field(default=(), strict=False)
    lead_time_days: dict[str, Annotated[int, Field(ge=0, le=365)]] = Field(default={})
    draft_days: Annotated[int, Field(ge=1, le=365)] = 30
    retention_days: Annotated[int, Field(ge=1, le=36500)] = 3650

    def settings(self) -> TownSettings:
        """The part that is stored as one document."""
        return TownSettings.model_validate(self.model_dump(include=set(TownSettings.model_fields)))


@dataclass(frozen=True, kw_only=True, slots=True)
class TownFolder:
    """A town folder that has been read and found right in itself."""

    path: Path
    town: TownFile
    boundary: Boundary
    document: Document  # of town.toml: the lines for faults that only the database can tell

    def refuse_key(self, key: str, detail: str) -> BadTownFolder:
        """The error for the key of town.toml, with file and line."""
        line = self.document.line((key,))
        return BadTownFolder(f"{self.document.file}:{line}: {key}: {detail}")


def read_town_folder(path: Path) -> TownFolder:
    """The town folder at `path`. Raises BadTownFolder with file and line of every fault."""
    if not path.is_dir():
        raise BadTownFolder(
            f"{path} is not a folder; a town is a folder with town.toml and boundary.geojson."
        )
    document = read_toml(path / "town.toml")
    try:
        town = TownFile.model_validate(document.content)
    except ValidationError as error:
        raise document.refuse(faults_of(error, TownFile)) from None
    return TownFolder(
        path=path, town=town, boundary=read_boundary(path / "boundary.geojson"), document=document
    )
