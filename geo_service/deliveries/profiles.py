"""Profiles of delivered permits, events and detours: those of sites with some keys of their own."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from geo_service.construction.feed_profile import Fields, Profile, Rule, ValueRule, profiles_folder, srid_of
from geo_service.errors import BadProfile, BadTownFolder
from geo_service.occupations.states import STANDINGS
from geo_service.occupations.use_types import use_types
from geo_service.packed import data_folder
from geo_service.towns.faults import Document, Fault, faults_of, read_yaml

AreaUnit = Literal["m2", "sqft"]
M2_PER_SQFT = 0.3048006096012192**2  # the US survey foot, as EPSG:2263 has it


class Table(BaseModel):
    """A CSV file: x and y name the columns of the coordinates, in the CRS of the profile."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    x: str
    y: str
    delimiter: str = Field(default=",", min_length=1, max_length=1)


class PermitFields(Fields):
    title: ValueRule = Rule(value="-")
    use_type: ValueRule
    purpose: ValueRule | None = None
    address: ValueRule | None = None
    commercial: ValueRule | None = None
    charitable: ValueRule | None = None
    count: ValueRule | None = None
    area_declared: ValueRule | None = None
    filed_on: ValueRule | None = None
    applicant_name: ValueRule | None = None
    applicant_email: ValueRule | None = None
    applicant_phone: ValueRule | None = None
    applicant_address: ValueRule | None = None


class PermitProfile(Profile):
    """Cases of another system. `state` gives our status; `area_unit` is that of `area_declared`."""

    fields: PermitFields
    table: Table | None = None
    area_unit: AreaUnit = "m2"


class EventFields(Fields):
    event_kind: ValueRule | None = None


class EventProfile(Profile):
    """Events and detours. `record` says what a record is; records of one `group` belong together."""

    fields: EventFields
    record: Rule
    group: str | None = None
    detour_state: Literal["planned", "confirmed"] = "planned"
    modes: list[Literal["car", "bicycle", "foot", "bus"]] = Field(default=["car"], min_length=1)


RECORDS = frozenset({"event", "detour", "part"})
P = TypeVar("P", PermitProfile, EventProfile)


def find_delivery_profile(kind: Literal["permits", "events"], name: str) -> Path:
    """The file of a profile: one that ships (data/profiles/<kind>), by name, or any path."""
    if Path(name).suffix in (".yaml", ".yml"):
        return Path(name)
    folder = profiles_folder() / kind
    shipped = folder / f"{name}.yaml"
    if "/" in name or not shipped.is_file():
        known = ", ".join(sorted(each.stem for each in folder.glob("*.yaml")))
        raise BadProfile(f"There is no profile {name!r} for {kind}; known are {known}. A file ends in .yaml.")
    return shipped


def read_delivery_profile(path: Path, model: type[P]) -> P:
    """The profile in a file. Raises BadProfile with file and line of every fault."""
    try:
        document = read_yaml(path)
        if not isinstance(document.content, dict):
            raise document.refuse([Fault((), "a profile is a table of keys, beginning with source")])
        digest = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
        try:
            profile = model.model_validate({**document.content, "hash": digest})
        except ValidationError as error:
            raise document.refuse(faults_of(error, model)) from None
        _check(document, profile)
    except BadTownFolder as error:
        raise BadProfile(error.detail, errors=error.errors) from None
    return profile


def _check(document: Document, profile: PermitProfile | EventProfile) -> None:
    faults = []
    if profile.crs is not None and srid_of(profile.crs) is None:
        faults.append(Fault(("crs",), f"crs: {profile.crs!r} is not a known CRS such as EPSG:25832 or CRS84"))
    for place, rule, known in _coded(profile):
        faults += _unknown(place, rule, known)
    if faults:
        raise document.refuse(faults)


def _coded(
    profile: PermitProfile | EventProfile,
) -> Iterable[tuple[tuple[str, ...], Rule | None, frozenset[str]]]:
    yield ("fields", "restriction"), profile.fields.restriction, restrictions_known()
    if isinstance(profile, PermitProfile):
        yield ("state",), profile.state, frozenset(STANDINGS["permits"]) - {"draft"}
        yield ("fields", "use_type"), profile.fields.use_type, frozenset(use_types())
    else:
        yield ("state",), profile.state, frozenset(("planned", "granted"))
        yield ("record",), profile.record, RECORDS
        yield ("fields", "event_kind"), profile.fields.event_kind, frozenset(_codes("event_kind"))


def _unknown(place: tuple[str, ...], rule: Rule | None, known: frozenset[str]) -> list[Fault]:
    if rule is None:
        return []
    name = ".".join(place)
    if rule.free:
        return [Fault(place, f"{name}: a code is needed, translate it with codes")]
    return [
        Fault(
            (*place, *below),
            f"{'.'.join((*place, *below))}: {target!r} is not a code; known are {', '.join(sorted(known))}",
        )
        for below, target in rule.targets()
        if str(target) not in known
    ]


@cache
def _codes(name: str) -> tuple[str, ...]:
    return tuple(yaml.safe_load((data_folder() / "codes.yaml").read_text(encoding="utf-8"))[name])


def restrictions_known() -> frozenset[str]:
    """Every code of a restriction."""
    return frozenset(_codes("restriction"))


def strongest(restrictions: Sequence[str]) -> str:
    """The restriction that takes most; the list of codes is in that order."""
    order = _codes("restriction")
    return min(restrictions, key=order.index, default="none")
