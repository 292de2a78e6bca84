"""A faulty town folder is refused with the file and the line of every fault."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from geo_service.commands.towns import _read
from geo_service.errors import BadTownFolder
from tests.towns.folders import RULES, SQUARE, TARIFF, TOML, boundary, write_folder


def faults(folder: Path) -> str:
    with pytest.raises(BadTownFolder) as refused:
        _read(folder)
    error = refused.value
    lines = [error.detail, *(f"{fault.pointer}: {fault.detail}" for fault in error.errors)]
    return "\n".join(lines).replace(f"{folder}/", "")


def test_the_folder_of_these_tests_is_right(tmp_path: Path) -> None:
    folder, tariffs, overrides = _read(write_folder(tmp_path / "t"))
    assert (folder.town.slug, len(tariffs), len(overrides)) == ("neustadt", 1, 1)


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        (("[lead_time_days]", "[lead_time_days"), "town.toml:12: not valid TOML"),
        (('name = "Neustadt"', 'nmae = "Neustadt"'), "town.toml:3: nmae: is not a known key; known are"),
        (('name = "Neustadt"', 'nmae = "Neustadt"'), "town.toml:1: name: is missing"),
        (('contact = "Bauamt"', ""), "town.toml:15: texts.de.contact: is missing"),
        (('"06999001"', '"0699900"'), "town.toml:1: ags: '0699900' is not an AGS: eight digits"),
        (('"06999001"', "6999001"), "town.toml:1: ags: must be text in quotes"),
        (('"neustadt"', '"Neu Stadt"'), "town.toml:2: slug: 'Neu Stadt' is not a slug"),
        (('"neustadt"', '"06431002"'), "town.toml:2: slug: '06431002' is not a slug"),
        (('"NEU"', '"neu-1"'), "town.toml:5: reference_prefix: 'neu-1' is not a prefix"),
        (
            ("accepts_requests = true", 'accepts_requests = "yes"'),
            "town.toml:6: accepts_requests: must be true or false",
        ),
        (("boundary_accuracy_m = 5", "boundary_accuracy_m = -5"), "town.toml:8: boundary_accuracy_m: "),
        (("boundary_accuracy_m = 5", "boundary_accuracy_m = nan"), "town.toml:8: boundary_accuracy_m: "),
        (('"Stadt"', '"Dorf"'), "town.toml:4: kind: "),
        (("www.example.org", "www.example.org; script-src *"), "town.toml:10: website_origins.0: "),
        (
            ('["umzug_halteverbot"]', '["umzug"]'),
            "town.toml:9: published_uses_except: 'umzug' is not a known use_type",
        ),
        (("geruest = 10", "geruest = 10.5"), "town.toml:13: lead_time_days.geruest: "),
        (("geruest = 10", "gerüst = 10"), "town.toml:13: "),
        (
            ('kind = "Stadt"', 'kind = "Stadt"\ntime_zone = "Europe/Bensheim"'),
            "town.toml:5: time_zone: there is no time zone",
        ),
    ],
)
def test_settings(tmp_path: Path, wrong: tuple[str, str], expected: str) -> None:
    assert TOML.count(wrong[0]) >= 1
    assert expected in faults(write_folder(tmp_path / "t", toml=TOML.replace(*wrong)))


BOWTIE = [[9.0, 50.0], [9.1, 50.1], [9.1, 50.0], [9.0, 50.1], [9.0, 50.0]]
SWAPPED = [[lat, lon] for lon, lat in SQUARE]
METRES = [[480000, 5500000], [481000, 5500000], [481000, 5501000], [480000, 5500000]]
BERLIN_MISTAKE = [*SQUARE[:2], [39.1, 50.1], *SQUARE[3:]]


@pytest.mark.parametrize(
    ("coordinates", "kind", "expected"),
    [
        ([BOWTIE], "Polygon", "the boundary is not valid: Self-intersection at 9.05"),
        (SQUARE, "LineString", "must be a Polygon or MultiPolygon, not LineString"),
        (
            [SWAPPED],
            "Polygon",
            "boundary.geojson:11: [50.0, 9.0] has latitude first; GeoJSON wants longitude first",
        ),
        ([METRES], "Polygon", "is in metres; the boundary must be in CRS84"),
        ([BERLIN_MISTAKE], "Polygon", "boundary.geojson:19: [39.1, 50.1] is outside 5.5–15.5° E"),
        ([], "Polygon", "boundary.geojson:9: the boundary has no coordinates"),
        ([SQUARE[:2]], "Polygon", "boundary.geojson:9: not a polygon"),
        (SQUARE, "Polygon", "boundary.geojson:9: not a polygon"),
        ([[[9.0, "50"], *SQUARE[1:]]], "Polygon", "boundary.geojson:11: not a position"),
    ],
)
def test_boundaries(tmp_path: Path, coordinates: Any, kind: str, expected: str) -> None:
    text = boundary(coordinates, kind)
    found = faults(write_folder(tmp_path / "t", geojson=text))
    assert expected in found
    line = int(found.split(":")[1])
    assert 1 < line <= text.count("\n") + 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"type": "Feature",\n"properties": {]}', "boundary.geojson:2: not valid JSON"),
        ("", "boundary.geojson:1: not valid JSON"),
        ("[1, 2]", "boundary.geojson:1: a GeoJSON Feature is wanted"),
        (boundary(properties={"licence": "x"}), "properties.attribution is missing"),
        (boundary(properties={"attribution": "x"}), "properties.licence is missing"),
        (boundary(geometry=None), "must be a Polygon or MultiPolygon, not nothing"),
        (
            boundary(crs={"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::25832"}}),
            "must be in CRS84",
        ),
        (json.dumps({"type": "FeatureCollection", "features": []}), "exactly one Feature is wanted"),
        (boundary([[[9.0, float("nan")], *SQUARE[1:]]]), "not a position"),
    ],
)
def test_boundary_files(tmp_path: Path, text: str, expected: str) -> None:
    found = faults(write_folder(tmp_path / "t", geojson=text))
    assert found.startswith("boundary.geojson:")
    assert expected in found


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        (("basis: m2", "basis: m3"), "tariff.yaml:9: items.0.basis: "),
        (("unit: day", "unit: fortnight"), "tariff.yaml:11: "),
        (("eur: 1.50", "eur: -1.50"), "tariff.yaml:11: "),
        (("eur: 1.50", "eur: nach Aufwand"), "a number is wanted, not 'nach Aufwand'"),
        (("eur: 1.50", "eur: '1,50'"), "write a point, not a comma"),
        (("eur: 1.50", "eur: true"), "a number is wanted, not True"),
        (("eur: 1.50", "eur: .nan"), "tariff.yaml:11: "),
        ((", eur: 1.50", ""), "tariff.yaml:11: items.0.prices.0: a price needs either eur or tiers"),
        (
            ("        prices:\n          - {unit: day, eur: 1.50}\n", ""),
            "tariff.yaml:7: items.0.prices: is missing",
        ),
        (("prices:\n          - {unit: day, eur: 1.50}", "prices: []"), "tariff.yaml:10: "),
        (("[geruest]", "[geruest, gerüst]"), "tariff.yaml:8: 'gerüst' is not a known use_type"),
        (("unit: day", "unit: season"), "a price per season needs season_months"),
        (("mode: cheapest", "mode: dearest"), "tariff.yaml:5: mode: "),
        (("2025-01-01", "Neujahr"), "tariff.yaml:2: valid_from: "),
        (("2025-01-01", "20250101"), "tariff.yaml:2: valid_from: "),
        (("official: true", "official: 'ja'"), "tariff.yaml:3: official: must be true or false"),
        (("basis: m2", "basis: m2\n        basis: flat"), "tariff.yaml:10: basis is given a second time"),
        (("tariffs:", "tarife:"), "tariff.yaml:1: a list under the key `tariffs` is wanted"),
        (("[geruest]", "[geruest"), "tariff.yaml:9: not valid YAML"),
        (
            ("basis: m2", "basis: m2\n        colour: red"),
            "tariff.yaml:10: items.0.colour: is not a known key",
        ),
    ],
)
def test_tariffs(tmp_path: Path, wrong: tuple[str, str], expected: str) -> None:
    assert TARIFF.count(wrong[0]) >= 1
    found = faults(write_folder(tmp_path / "t", tariff=TARIFF.replace(wrong[0], wrong[1], 1)))
    assert expected in found
    assert found.startswith("tariff.yaml:")


def test_versions_that_are_in_force_on_the_same_day(tmp_path: Path) -> None:
    second = TARIFF.replace("tariffs:\n", "")
    assert "tariff.yaml:12: overlaps the version from 2025-01-01" in faults(
        write_folder(tmp_path / "same", tariff=TARIFF + second)
    )
    until = TARIFF.replace("    official", "    valid_until: 2026-06-30\n    official", 1)
    later = second.replace("2025-01-01", "2026-06-30")
    assert "both are in force on 2026-06-30" in faults(write_folder(tmp_path / "until", tariff=until + later))
    next_day = second.replace("2025-01-01", "2026-07-01")
    assert len(_read(write_folder(tmp_path / "after", tariff=until + next_day))[1]) == 2


def test_one_use_is_not_charged_twice_by_the_same_basis(tmp_path: Path) -> None:
    twice = TARIFF + TARIFF[TARIFF.index("      - label") :]
    assert "geruest is charged twice per m2" in faults(write_folder(tmp_path / "t", tariff=twice))


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        (("overlap_noise_m2", "overlap"), "rules.yaml:1: the rules have no parameter 'overlap'"),
        (
            ("  legal_source: Satzung § 3\n", ""),
            "rules.yaml:1: overlap_noise_m2 needs legal_source and values",
        ),
        (("0.5", "viel"), "rules.yaml:4: overlap_noise_m2 needs a day and a number"),
        (("0.5", "-1"), "rules.yaml:4: overlap_noise_m2 needs a day and a number"),
        (("2026-01-01", "Neujahr"), "rules.yaml:4: overlap_noise_m2 needs a day and a number"),
        (("0.5", "0.5\n    2026-01-01: 0.6"), "rules.yaml:5: 2026-01-01 is given a second time"),
        (("values:", "values: ["), "not valid YAML"),
    ],
)
def test_rule_values(tmp_path: Path, wrong: tuple[str, str], expected: str) -> None:
    assert RULES.count(wrong[0]) == 1
    assert expected in faults(write_folder(tmp_path / "t", rules=RULES.replace(*wrong)))


def test_all_faults_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    folder = write_folder(
        tmp_path / "t",
        toml=TOML.replace("geruest", "gerst"),
        tariff=TARIFF.replace("m2", "m3").replace("cheapest", "dearest"),
        rules=RULES.replace("0.5", "viel"),
    )
    places = [line.split(": ")[0] for line in faults(folder).splitlines()]
    assert places == ["town.toml:13", "tariff.yaml:5", "tariff.yaml:9", "rules.yaml:4"]


def test_a_folder_that_is_none_and_files_that_are_missing_or_not_text(tmp_path: Path) -> None:
    with pytest.raises(BadTownFolder, match="is not a folder"):
        _read(tmp_path / "nowhere")
    folder = write_folder(tmp_path / "t")
    (folder / "boundary.geojson").unlink()
    assert "boundary.geojson: the file is missing" in faults(folder)
    (folder / "town.toml").write_bytes(b'ags = "06999001"\nname = "M\xfcnster"\n')
    assert "town.toml:2: not UTF-8" in faults(folder)
