"""The collections that exist, and where their rows are: the only place identifiers of SQL come from."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

from geo_service.errors import NotFound

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
EPSG_25832 = "http://www.opengis.net/def/crs/EPSG/0/25832"

# Column of the stored feature per coordinate reference system; both are kept by triggers.
FRAGMENTS = MappingProxyType({CRS84: "fragment_crs84", EPSG_25832: "fragment_25832"})


@dataclass(frozen=True, kw_only=True, slots=True)
class License:
    """Terms under which a collection may be used, and whom to name. href: None for what is not open data."""

    href: str | None
    title: str
    attribution: str


ODBL = License(
    href="https://opendatacommons.org/licenses/odbl/1-0/",
    title="Open Database License (ODbL) 1.0",
    attribution="© OpenStreetMap-Mitwirkende",
)
BKG = License(
    href="https://www.gesetze-im-internet.de/geonutzv/",
    title="Nutzungsbestimmungen für Geodaten des Bundes (GeoNutzV)",
    attribution="© GeoBasis-DE / BKG",
)
TOWN_DATA = License(
    href="https://www.govdata.de/dl-de/by-2-0",
    title="Datenlizenz Deutschland – Namensnennung – Version 2.0",
    attribution="Daten der Kommunen",
)

NOT_OPEN = License(href=None, title="", attribution="Daten der Kommune, nicht veröffentlicht")


@dataclass(frozen=True, kw_only=True, slots=True)
class Collection:
    """One collection. `table`, `key`, `geometry`, `period` and `credit` are names of the schema.

    key: the column behind a feature's id. period: None where features have no time. credit: a column that
    names whom to attribute. columns: the properties that a table of the HTML page shows. edition: column of
    the number that a write has to name (Part 4), None where nothing can be written. bounds_indexed: an index
    alone says what a page of an area has. with_key: only a key of a town finds it.
    """

    id: str
    table: str
    key: str
    key_is_uuid: bool
    geometry: str
    geometry_may_be_null: bool
    geometry_schema: str
    period: str | None
    has_published_column: bool
    license: License
    credit: str | None
    title_de: str
    title_en: str
    description_de: str
    description_en: str
    columns: tuple[str, ...]
    edition: str | None = None
    bounds_indexed: bool = False
    with_key: bool = False

    def title(self, language: str) -> str:
        """Title in German or English."""
        return self.title_en if language == "en" else self.title_de

    def description(self, language: str) -> str:
        """What is in it, in German or English."""
        return self.description_en if language == "en" else self.description_de


_ALL = (
    Collection(
        id="road_segments", table="road_segment", key="segment_id", key_is_uuid=False, geometry="axis",
        geometry_may_be_null=False, geometry_schema="lineString", period=None, has_published_column=False,
        license=ODBL, credit="source", title_de="Straßenabschnitte", title_en="Road segments",
        description_de="Straßenachsen zwischen zwei Knoten mit Breiten und deren Herkunft.",
        description_en="Road axes between two junctions with widths and where these come from.",
        columns=("street_name", "road_class", "length_m", "carriageway_width_m", "width_source"),
        bounds_indexed=True,
    ),
    Collection(
        id="construction_sites", table="construction_site", key="site_id", key_is_uuid=True, geometry="area",
        geometry_may_be_null=True, geometry_schema="geometry", period="period", has_published_column=True,
        license=TOWN_DATA, credit=None, title_de="Baustellen", title_en="Construction sites",
        description_de="Öffentliche Baustellen: geplant, bestätigt oder im Gang.",
        description_en="Public construction sites: planned, confirmed or under way.",
        columns=("title", "kind", "state", "restriction", "from", "until"), edition="version",
    ),
    Collection(
        id="permits", table="published_permit", key="permit_id", key_is_uuid=True, geometry="area",
        geometry_may_be_null=False, geometry_schema="geometry", period="period", has_published_column=False,
        license=TOWN_DATA, credit=None, title_de="Sondernutzungserlaubnisse", title_en="Special-use permits",
        description_de="Veröffentlichter Teil erteilter Sondernutzungserlaubnisse, ohne Angaben zu Personen.",
        description_en="Published part of granted special-use permits, without anything about people.",
        columns=("reference", "use_type", "status", "from", "until", "area_m2"), bounds_indexed=True,
    ),
    Collection(
        id="events", table="event", key="event_id", key_is_uuid=True, geometry="area",
        geometry_may_be_null=True, geometry_schema="geometry", period="period", has_published_column=True,
        license=TOWN_DATA, credit=None, title_de="Veranstaltungen", title_en="Events",
        description_de="Genehmigte Veranstaltungen im Straßenraum mit Auf- und Abbau.",
        description_en="Granted events in the street, with set-up and clearing.",
        columns=("title", "kind", "restriction", "from", "until"),
    ),
    Collection(
        id="detours", table="detour", key="detour_id", key_is_uuid=True, geometry="way",
        geometry_may_be_null=True, geometry_schema="geometry", period="period", has_published_column=True,
        license=TOWN_DATA, credit=None, title_de="Umleitungen", title_en="Detours",
        description_de="Ausgeschilderte Umleitungen mit Zeitraum und Verkehrsarten.",
        description_en="Signed diversion routes with period and modes.",
        columns=("title", "modes", "state", "from", "until"),
    ),
    Collection(
        id="towns", table="town", key="ags", key_is_uuid=False, geometry="boundary",
        geometry_may_be_null=False, geometry_schema="multiPolygon", period=None, has_published_column=False,
        license=BKG, credit="attribution", title_de="Kommunen", title_en="Municipalities",
        description_de="Kommunen mit amtlichem Gemeindeschlüssel und Grenze; die Genauigkeit ist angegeben.",
        description_en="Municipalities with official key and boundary; the accuracy is stated.",
        columns=("name", "kind", "ags", "accepts_requests"),
    ),
)  # fmt: skip

# The published collections; everybody finds them.
COLLECTIONS = MappingProxyType({collection.id: collection for collection in _ALL})
PENDING = Collection(
    id="pending", table="pending_permit", key="permit_id", key_is_uuid=True, geometry="area",
    geometry_may_be_null=False, geometry_schema="geometry", period="period", has_published_column=False,
    license=NOT_OPEN, credit=None, title_de="Anträge in Bearbeitung", title_en="Requests under review",
    description_de="Eingereichte Anträge der eigenen Kommune, über die noch nicht entschieden ist,"
    " ohne Angaben zu Personen; nur mit Schlüssel.",
    description_en="Requests of the own town that are filed and not decided yet, without anything about"
    " people; only with a key.",
    columns=("reference", "use_type", "status", "from", "until", "area_m2"), with_key=True,
)  # fmt: skip


def get_collection(name: str) -> Collection:
    """The published collection of this id. Raises NotFound."""
    try:
        return COLLECTIONS[name]
    except KeyError:
        raise unknown_collection(name) from None


def unknown_collection(name: str) -> NotFound:
    """The answer to a name that no collection has."""
    return NotFound(f"There is no collection named {name[:60]!r}.")
