"""A mapping says how the lines of an official road file become segments; a town's GIS person writes it.

The keys are explained in docs/road-mapping.md. Every fault is told at once, with file and line.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pyproj import CRS
from pyproj.exceptions import CRSError

from geo_service.errors import BadProfile, BadTownFolder
from geo_service.packed import data_folder
from geo_service.roads.osm_traffic import MODES_BY_HIGHWAY
from geo_service.roads.segment import MODES, OneWay, RoadClass
from geo_service.towns.faults import Document, Fault, faults_of, read_yaml

Scalar = str | bool | int | float | None


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _text_keys(value: Any) -> Any:
    """YAML reads an unquoted yes or 12 as something else than text; codes are compared as text."""
    if not isinstance(value, dict):
        return value
    return {str(key).lower() if isinstance(key, bool) else str(key): item for key, item in value.items()}


class Column(_Part):
    """Where a value comes from: a field, translated by `codes` where they are given, or a constant."""

    field: str | None = None
    value: Scalar = None
    codes: Annotated[dict[str, Scalar] | None, BeforeValidator(_text_keys)] = None
    otherwise: Scalar = None

    @model_validator(mode="after")
    def _one_way(self) -> Column:
        if (self.field is None) == (self.value is None):
            raise ValueError("needs either field or value")
        if self.value is not None and self.codes:
            raise ValueError("codes translate a field, not a value")
        return self

    @property
    def complete(self) -> bool:
        """True when the rule says itself what holds for codes it does not list."""
        return "otherwise" in self.model_fields_set

    def targets(self) -> list[tuple[tuple[str, ...], Scalar]]:
        """Every value that this rule can give, each with its place below the rule."""
        found: list[tuple[tuple[str, ...], Scalar]] = [
            (("codes", code), target) for code, target in (self.codes or {}).items()
        ]
        found += [((key,), getattr(self, key)) for key in ("value", "otherwise")]
        return [(place, target) for place, target in found if target is not None]


Source = Annotated[
    Column, BeforeValidator(lambda value: {"field": value} if isinstance(value, str) else value)
]


class Fields(_Part):
    """Our column ← the file's; what is missing is not known. Widths in metres, speed in km/h."""

    street_name: Source | None = None
    street_key: Source | None = None
    road_class: Source
    road_number: Source | None = None
    highway: Source | None = None
    road_owner: Source | None = None
    within_built_up_area: Source | None = None
    carriageway_width_m: Source | None = None
    footway_width_left_m: Source | None = None
    footway_width_right_m: Source | None = None
    lane_count: Source | None = None
    one_way: Source | None = None
    max_speed_kmh: Source | None = None
    modes: Source | None = None
    network_function: Source | None = None
    surface_completed_on: Source | None = None


class RoadMapping(_Part):
    """One official road file."""

    source: str = Field(pattern=r"^[a-z][a-z0-9_-]{1,39}$")
    title: str = Field(min_length=1)
    attribution: str = Field(min_length=1)
    licence: str = Field(min_length=1)
    layer: str | None = None
    encoding: Literal["utf-8", "latin-1", "cp1252"] | None = None
    crs: str | None = None
    id: str = Field(min_length=1)
    node_tolerance_m: float = Field(default=0.5, ge=0, le=5)
    widths_are: Literal["measured", "tagged"] = "tagged"
    date_format: str = "%Y-%m-%d"
    empty_values: list[str] = ["", "NULL", "null", "None", "nan", "-"]
    fields: Fields


@cache
def _known_codes() -> dict[str, frozenset[str]]:
    codes = yaml.safe_load((data_folder() / "codes.yaml").read_text(encoding="utf-8"))
    return {
        "road_class": frozenset(get_args(RoadClass)),
        "one_way": frozenset(get_args(OneWay)),
        "highway": frozenset(MODES_BY_HIGHWAY),
        "road_owner": frozenset(codes["road_owner"]),
        "modes": frozenset(MODES),
        "network_function": NETWORK_FUNCTIONS,
    }


NETWORK_FUNCTIONS = frozenset(
    [
        "main_road",
        "rescue_axis",
        "detour_route",
        "school_route",
        "bus_route",
        "pedestrian_zone",
        "access_road",
    ]
)
SETS = ("modes", "network_function")  # several codes in one value, parted by blanks


def known_crs(name: str) -> CRS | None:
    """The coordinate system of that name, such as EPSG:25833; None where there is none."""
    try:
        return CRS.from_user_input(name)
    except (CRSError, TypeError, ValueError):
        return None


def mappings_folder() -> Path:
    """The mappings that ship with the service."""
    return data_folder() / "profiles" / "roads"


def find_mapping(name: str) -> Path:
    """The file of a mapping: one that ships, by name, or any path. Raises BadProfile."""
    path = Path(name)
    if path.suffix in (".yaml", ".yml"):
        return path
    shipped = mappings_folder() / f"{name}.yaml"
    if "/" in name or not shipped.is_file():
        known = ", ".join(sorted(each.stem for each in mappings_folder().glob("*.yaml")))
        raise BadProfile(
            f"There is no road mapping {name!r}; known are {known}. A file's name ends in .yaml."
        )
    return shipped


def read_mapping(path: Path) -> RoadMapping:
    """The mapping in a file. Raises BadProfile with file and line of every fault."""
    try:
        document = read_yaml(path)
        if not isinstance(document.content, dict):
            raise document.refuse([Fault((), "a road mapping is a table of keys, beginning with source")])
        try:
            mapping = RoadMapping.model_validate(document.content)
        except ValidationError as error:
            raise document.refuse(faults_of(error, RoadMapping)) from None
        _check(document, mapping)
    except BadTownFolder as error:
        raise BadProfile(error.detail, errors=error.errors) from None
    return mapping


def _check(document: Document, mapping: RoadMapping) -> None:
    """What is well-formed may still name codes that do not exist."""
    faults = []
    if mapping.source == "osm":
        faults.append(Fault(("source",), "source: osm is the name of OpenStreetMap files; choose another"))
    if mapping.crs is not None and known_crs(mapping.crs) is None:
        faults.append(Fault(("crs",), f"crs: {mapping.crs!r} is not a known CRS such as EPSG:25832"))
    for name, known in _known_codes().items():
        column: Column | None = getattr(mapping.fields, name)
        for below, target in [] if column is None else column.targets():
            words = str(target).split() if name in SETS else [str(target)]
            faults += [
                Fault(
                    ("fields", name, *below),
                    f"fields.{name}: {word!r} is not known; known are {', '.join(sorted(known))}",
                )
                for word in words
                if word not in known
            ]
    if faults:
        raise document.refuse(faults)
