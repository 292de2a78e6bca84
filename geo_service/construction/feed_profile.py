"""A profile says how the records of one feed become sites; a file that a town's GIS person writes.

The keys are explained in docs/profiles.md. Every fault is told at once, with file and line.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pyproj import CRS
from pyproj.exceptions import CRSError

from geo_service.errors import BadProfile, BadTownFolder
from geo_service.packed import data_folder
from geo_service.towns.faults import Document, Fault, faults_of, read_yaml

Scalar = str | bool | int | float | None
STATES = ("planned", "confirmed")
CONFIDENCES = ("verified", "estimated", "unknown")
CRS84 = 4326  # degrees, always longitude before latitude


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _text_keys(value: Any) -> Any:
    """YAML reads an unquoted true, no or 12 as something else than text; codes are compared as text."""
    if not isinstance(value, dict):
        return value
    return {str(key).lower() if isinstance(key, bool) else str(key): item for key, item in value.items()}


Codes = Annotated[dict[str, Scalar], BeforeValidator(_text_keys)]


class Rule(_Part):
    """Where a value comes from: a field, translated by `codes` or the words it `contains`, or a constant."""

    field: str | None = None
    value: Scalar = None
    codes: Codes | None = None
    contains: Codes | None = None
    otherwise: Scalar = None

    @model_validator(mode="after")
    def _one_way(self) -> Rule:
        if (self.field is None) == (self.value is None):
            raise ValueError("needs either field or value")
        if self.value is not None and (self.codes or self.contains):
            raise ValueError("codes and contains translate a field, not a value")
        if self.codes and self.contains:
            raise ValueError("codes and contains exclude each other")
        return self

    def targets(self) -> list[tuple[tuple[str, ...], Scalar]]:
        """Every value of ours that this rule can give, each with its place below the rule."""
        found: list[tuple[tuple[str, ...], Scalar]] = []
        for key in ("codes", "contains"):
            found += [((key, code), target) for code, target in (getattr(self, key) or {}).items()]
        found += [((key,), getattr(self, key)) for key in ("value", "otherwise")]
        return [(place, target) for place, target in found if target is not None]

    @property
    def complete(self) -> bool:
        """True when the rule says itself what holds for words it does not list."""
        return "otherwise" in self.model_fields_set

    @property
    def free(self) -> bool:
        """True when the field's own text is taken as it is."""
        return self.field is not None and not self.codes and not self.contains


def _short(value: Any) -> Any:
    return {"field": value} if isinstance(value, str) else value


def _state(value: Any) -> Any:
    return {"value": value} if value in STATES else _short(value)


def _several(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


ValueRule = Annotated[Rule, BeforeValidator(_short)]
StateRule = Annotated[Rule, BeforeValidator(_state)]
Names = Annotated[list[str], BeforeValidator(_several)]


class When(_Part):
    """A date field. A bare date is a whole civil day; with a time of day it is an instant in the zone."""

    field: str
    formats: list[str] = Field(default=["iso"], min_length=1)
    means_open: list[str] = []


class Period(_Part):
    zone: str = "Europe/Berlin"
    start: When
    end: When

    @model_validator(mode="after")
    def _known_zone(self) -> Period:
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError(f"zone: {self.zone!r} is not a time zone such as Europe/Berlin") from None
        return self


class GeometryRules(_Part):
    """Metres. `field`: where it is not the record's own geometry. `points` alone: without lines or areas."""

    field: str | None = None
    line_half_width_m: float = Field(default=2.5, gt=0, le=50)
    line_half_width_field: str | None = None
    point_half_width_m: float = Field(default=2.5, gt=0, le=200)
    points: Literal["alone", "always", "never"] = "alone"


class Group(_Part):
    """Sites with the same text in a field (or the same text before a mark in it) belong to one another."""

    field: str
    before: str | None = Field(default=None, min_length=1)


class Fields(_Part):
    title: ValueRule
    case_number: ValueRule | None = None
    street: ValueRule | None = None
    street_key: ValueRule | None = None
    client: ValueRule | None = None
    kind: ValueRule | None = None
    utility: ValueRule | None = None
    excavation: ValueRule | None = None
    restriction: ValueRule | None = None
    takes: dict[str, Names] | None = None  # our word → the fields that are true when it is taken
    remaining_carriageway_m: ValueRule | None = None
    remaining_footway_m: ValueRule | None = None
    pedestrian_guidance: ValueRule | None = None
    cycle_guidance: ValueRule | None = None
    confidence: ValueRule | None = None


class Profile(_Part):
    """One feed. `hash` changes with every change of the file."""

    source: str = Field(pattern=r"^[a-z][a-z0-9_-]{1,39}$")
    title: str = Field(min_length=1)
    attribution: str = Field(min_length=1)
    licence: str = Field(min_length=1)
    url: str | None = None
    encoding: Literal["utf-8", "latin-1", "cp1252"] = "utf-8"
    crs: str | None = None
    records: str | None = None
    snapshot_time: str | None = None
    id: str = Field(min_length=1)
    same_id: Literal["refuse", "merge"] = "refuse"
    empty_values: list[str] = ["", "NULL", "null", "None", "nan", "-"]
    ignore_when_comparing: list[str] = []
    leave_out: dict[str, list[str]] = {}
    belongs_together: Group | None = None
    state: StateRule = Rule(value="confirmed")
    public: bool = True
    period: Period
    geometry: GeometryRules = GeometryRules()
    fields: Fields
    hash: str = ""


@cache
def _our_codes() -> dict[str, frozenset[str]]:
    codes = yaml.safe_load((data_folder() / "codes.yaml").read_text(encoding="utf-8"))
    lists = {name: frozenset(codes[name]) for name in ("kind", "utility", "restriction", "takes", "guidance")}
    return {
        **lists,
        "pedestrian_guidance": lists["guidance"],
        "cycle_guidance": lists["guidance"],
        "state": frozenset(STATES),
        "confidence": frozenset(CONFIDENCES),
        "excavation": frozenset(("True", "False")),
    }


def srid_of(name: str) -> int | None:
    """EPSG code of a CRS as files name it (EPSG:25833, urn:ogc:def:crs:OGC:1.3:CRS84, …); None = unknown."""
    if name.upper().replace("::", ":").endswith("CRS84"):
        return CRS84
    try:
        return CRS.from_user_input(name).to_epsg()
    except (CRSError, TypeError, ValueError):
        return None


def profiles_folder() -> Path:
    """The profiles that ship with the service."""
    return data_folder() / "profiles"


def find_profile(name: str) -> Path:
    """The file of a profile: one that ships, by name, or any path. Raises BadProfile."""
    path = Path(name)
    if path.suffix in (".yaml", ".yml"):
        return path
    shipped = profiles_folder() / f"{name}.yaml"
    if "/" in name or not shipped.is_file():
        known = ", ".join(sorted(each.stem for each in profiles_folder().glob("*.yaml")))
        raise BadProfile(f"There is no profile {name!r}; known are {known}. A file's name ends in .yaml.")
    return shipped


def read_profile(path: Path) -> Profile:
    """The profile in a file. Raises BadProfile with file and line of every fault."""
    try:
        document = read_yaml(path)
        if not isinstance(document.content, dict):
            raise document.refuse([Fault((), "a profile is a table of keys, beginning with source")])
        try:
            profile = Profile.model_validate({**document.content, "hash": _hash(path)})
        except ValidationError as error:
            raise document.refuse(faults_of(error, Profile)) from None
        _check(document, profile)
    except BadTownFolder as error:
        raise BadProfile(error.detail, errors=error.errors) from None
    return profile


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def _check(document: Document, profile: Profile) -> None:
    """What is well-formed may still name things that do not exist."""
    faults = []
    if profile.crs is not None and srid_of(profile.crs) is None:
        faults.append(Fault(("crs",), f"crs: {profile.crs!r} is not a known CRS such as EPSG:25832 or CRS84"))
    named: list[tuple[tuple[str, ...], str, Rule]] = [(("state",), "state", profile.state)]
    named += [
        (("fields", name), name, rule)
        for name in Fields.model_fields
        if isinstance(rule := getattr(profile.fields, name), Rule)
    ]
    for place, name, rule in named:
        faults += _unknown_codes(place, name, rule)
    for name in profile.fields.takes or {}:
        if name not in _our_codes()["takes"]:
            faults.append(Fault(("fields", "takes", name), _unknown(f"fields.takes.{name}", name, "takes")))
    if faults:
        raise document.refuse(faults)


def _unknown_codes(place: tuple[str, ...], name: str, rule: Rule) -> list[Fault]:
    if name not in _our_codes():
        return []
    faults = []
    if rule.free and name not in ("utility", "excavation"):
        faults.append(Fault(place, f"{'.'.join(place)}: a code is needed, translate it with codes"))
    for below, target in rule.targets():
        if str(target) not in _our_codes()[name]:
            where = (*place, *below)
            faults.append(Fault(where, _unknown(".".join(where), target, name)))
    return faults


def _unknown(where: str, target: object, name: str) -> str:
    return f"{where}: {target!r} is not a code; known are {', '.join(sorted(_our_codes()[name]))}"
