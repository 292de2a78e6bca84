"""Municipalities are found in a road file where their boundary closes, and become plain town folders."""

from __future__ import annotations

from pathlib import Path

import pytest

from geo_service.errors import BadRoadFile, BadTownFolder
from geo_service.roads.osm_boundaries import ATTRIBUTION, OsmMunicipality, read_municipalities
from geo_service.roads.osm_town import slug_of, write_town_folder
from geo_service.towns.folder import read_town_folder
from tests.roads.osm_scene import town_scene


@pytest.fixture
def neustadt(tmp_path: Path) -> OsmMunicipality:
    file = tmp_path / "town.osm"
    file.write_text(town_scene(), encoding="utf-8")
    (found,) = read_municipalities(file)  # not the neighbour, whose boundary is open, nor the district
    return found


def test_a_boundary_that_closes_is_found(neustadt: OsmMunicipality) -> None:
    assert (neustadt.ags, neustadt.name, neustadt.kind) == ("06999009", "Neustadt", "Stadt")
    assert neustadt.boundary.area == pytest.approx(1_000_000, rel=0.0001)


def test_it_becomes_a_town_folder_that_towns_add_reads(neustadt: OsmMunicipality, tmp_path: Path) -> None:
    write_town_folder(neustadt, tmp_path, taken_prefixes={"NEU"})
    folder = read_town_folder(tmp_path)
    assert (folder.town.slug, folder.town.reference_prefix) == ("neustadt", "NEUS")
    assert (folder.town.accepts_requests, folder.town.demo, folder.town.boundary_accuracy_m) == (
        False,
        False,
        5,
    )
    assert (folder.boundary.attribution, folder.boundary.licence) == (ATTRIBUTION, "ODbL-1.0")
    assert folder.boundary.area.symmetric_difference(neustadt.boundary).area < 1


@pytest.mark.parametrize("name", ['Neu"stadt\\ {x}', "Straße <b>", "Neu\nstadt"])
def test_a_strange_name_stays_text(neustadt: OsmMunicipality, tmp_path: Path, name: str) -> None:
    strange = OsmMunicipality(ags=neustadt.ags, name=name, kind="Gemeinde", boundary=neustadt.boundary)
    write_town_folder(strange, tmp_path, taken_prefixes=())
    assert read_town_folder(tmp_path).town.name == name


def test_a_name_without_letters_is_refused(neustadt: OsmMunicipality, tmp_path: Path) -> None:
    nameless = OsmMunicipality(ags=neustadt.ags, name="東京", kind="Stadt", boundary=neustadt.boundary)
    with pytest.raises(BadTownFolder, match="No address can be made"):
        write_town_folder(nameless, tmp_path, taken_prefixes=())


def test_no_free_prefix_is_refused(neustadt: OsmMunicipality, tmp_path: Path) -> None:
    with pytest.raises(BadTownFolder, match="No free prefix"):
        write_town_folder(neustadt, tmp_path, taken_prefixes={"NE", "NEU", "NEUS", "NEUST"})


def test_slugs() -> None:
    assert slug_of("Groß-Rohrheim") == "gross-rohrheim"
    assert slug_of("Frankfurt (Oder)") == "frankfurt-oder"
    assert slug_of("Besançon") == "besancon"


def test_a_file_that_is_no_road_file_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "words.osm").write_text("words")
    with pytest.raises(BadRoadFile, match="cannot be read"):
        read_municipalities(tmp_path / "words.osm")
