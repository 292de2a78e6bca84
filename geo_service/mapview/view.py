"""A map view as its file in `maps/` says it; every text in both languages."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from geo_service.errors import NotFound, SetupError
from geo_service.packed import maps_folder

OwnAddress = Annotated[str, Field(pattern=r"^(/[\w.{}-]+)+$")]  # a path of this service, never a foreign host
Colour = Annotated[str, Field(pattern=r"^#[0-9a-f]{6}$")]
FieldName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Text(_Part):
    """One text in both languages."""

    de: str
    en: str


class Style(_Part):
    """How shapes are drawn; widths in pixels."""

    stroke: Colour
    width: Annotated[float, Field(gt=0, le=20)] = 2
    opacity: Annotated[float, Field(ge=0, le=1)] = 1
    dash: str | None = None
    fill: Colour | None = None
    fill_opacity: Annotated[float, Field(ge=0, le=1)] = 0.4


class LegendEntry(_Part):
    """One line of the legend; symbols are drawn by map.css and, for lines and areas, in the layer's style."""

    symbol: Literal["line", "area", "boundary", "road-federal", "road-state", "road-street"]
    text: Text


class PopupField(_Part):
    """One line of a popup; `period` is written from `from` and `until`, a code as its label."""

    field: FieldName
    text: Text
    unit: str | None = None


class Popup(_Part):
    """What a click shows; values reach the page as text only (static/js/popup.js).

    page: the property that holds the path of the feature's own page on this service, if it has one.
    """

    heading: FieldName
    kind: Text
    fields: tuple[PopupField, ...]
    page: FieldName | None = None


class Layer(_Part):
    """One layer. streets: our own tiles; boundaries, features: GeoJSON by box; click: asked at a click.

    `{town}` in an address stands for the AGS of the town of the page.
    """

    name: FieldName
    kind: Literal["streets", "boundaries", "features", "click"]
    title: Text
    address: OwnAddress
    attribution: Literal["roads", "boundaries", "sites"] | None = None
    dated: bool = False
    limit: Annotated[int, Field(ge=1, le=10_000)] = 1000
    min_zoom: Annotated[int, Field(ge=0, le=22)] = 0
    style: Style | None = None
    legend: tuple[LegendEntry, ...] = ()
    popup: Popup | None = None


class MapView(_Part):
    """One map; layers are drawn in their order, the first at the bottom."""

    title: Text
    min_zoom: Annotated[int, Field(ge=0, le=22)]
    max_zoom: Annotated[int, Field(ge=0, le=22)]
    layers: Annotated[tuple[Layer, ...], Field(min_length=1)]


def read_view(path: Path) -> MapView:
    """The view in one file. Raises SetupError that names the file and each faulty entry."""
    try:
        return MapView.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, yaml.YAMLError) as error:
        raise SetupError(f"{path}: {error}") from error
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(str(part) for part in one['loc'])}: {one['msg']}" for one in error.errors()
        )
        raise SetupError(f"{path}: {faults}") from error


def view_names() -> list[str]:
    """The views there are."""
    return sorted(path.stem for path in maps_folder().glob("*.yaml"))


@cache
def get_view(name: str) -> MapView:
    """The view called `name`. Raises NotFound."""
    if name not in view_names():
        raise NotFound(f"There is no map view {name!r}; there are {', '.join(view_names())}.")
    return read_view(maps_folder() / f"{name}.yaml")
