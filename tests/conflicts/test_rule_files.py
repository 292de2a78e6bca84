"""A faulty rule file, parameter or town's value stops the start, with file and line."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from geo_service.conflicts.catalogue import RULES_FOLDER, make_rulebook, read_rulebook, rulebook
from geo_service.conflicts.rule_file import read_rule
from geo_service.conflicts.town_overrides import read_overrides
from geo_service.conflicts.verify import verify_rules
from geo_service.conflicts.words import quantity
from geo_service.db.database import Database
from geo_service.errors import BadRuleFile, BadTownFolder
from geo_service.occupations.parameters import parameters, read_parameters

GOOD = (RULES_FOLDER / "area_overlap.sql").read_text(encoding="utf-8")


def changed(folder: Path, old: str, new: str, name: str = "area_overlap") -> Path:
    assert old in GOOD
    path = folder / f"{name}.sql"
    path.write_text(GOOD.replace(old, new, 1), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("-- number: K01", "-- nummer: K01", 2, "unknown key 'nummer'"),
        ("-- number: K01", "-- number: 1", 2, "K and two digits"),
        ("-- kind: pair", "-- kind: couple", 3, "pair, place, own"),
        ("-- kind: pair", "-- kind: own", 6, "an own rule has no"),
        ("-- shapes: area-area\n", "", 3, "needs the key 'shapes'"),
        ("area-area", "area-line", 6, "area-area"),
        ("-- reach_m: 0", "-- reach_m: far", 7, "a number or one parameter"),
        ("-- worse: greater\n", "", 9, "belong together"),
        ('en: "Two uses on the same area"', "", 4, "title is"),
        ("-- legal_source: HStrG § 16", "-- legal_source:", 1, "'legal_source' is missing"),
        ("-- warn: true", "-- warn: true\n-- warn: false", 25, "a second time"),
        ("-- warn: true", "SELECT 1", 24, "'-- key: value'"),
        ("-- geometry: shared_area", "-- geometry: circle", 13, "shared_area"),
        ("-- geometry: shared_area", "-- objects: blackout", 3, "needs the key 'geometry'"),
        ("-- geometry: shared_area", "-- reads: noise", 13, "a list of :parameters"),
        ("{when} auch", "{wann} auch", 14, "explain knows no {wann}"),
        ("Zwei Nutzungen auf", "Zwei Nutzungen {when} auf", 4, "title knows no {when}"),
    ],
)
def test_a_faulty_file_is_refused_with_its_line(
    tmp_path: Path, old: str, new: str, line: int, words: str
) -> None:
    with pytest.raises(BadRuleFile) as refused:
        read_rule(changed(tmp_path, old, new))
    assert words in str(refused.value).replace("a own", "an own")
    assert str(refused.value).startswith(f"area_overlap.sql:{line}:")


def test_a_rule_is_named_as_its_file(tmp_path: Path) -> None:
    with pytest.raises(
        BadRuleFile, match=r"overlap\.sql:1: the rule is named 'area_overlap', the file 'overlap'"
    ):
        read_rule(changed(tmp_path, "-- kind", "-- kind", name="overlap"))


def test_an_unknown_parameter_is_refused(tmp_path: Path) -> None:
    changed(tmp_path, "shared_m2 >= :overlap_noise_m2", "shared_m2 >= :noise")
    with pytest.raises(BadRuleFile, match=r"area_overlap\.sql:\d+: unknown parameter 'noise'"):
        read_rulebook(tmp_path, parameters())


PLACE = (RULES_FOLDER / "blackout.sql").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("-- objects: blackout", "-- objects: tree", 6, "border, road"),
        ("-- objects: blackout\n", "", 3, "needs the key 'objects'"),
        ("-- geometry: shared_area", "-- shapes: area-area", 11, "a place rule has no 'shapes'"),
        ("-- geometry: shared_area", "-- reach_days: 3", 11, "a place rule has no 'reach_days'"),
    ],
)
def test_a_faulty_place_rule_is_refused_with_its_line(
    tmp_path: Path, old: str, new: str, line: int, words: str
) -> None:
    path = tmp_path / "blackout.sql"
    path.write_text(PLACE.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(BadRuleFile) as refused:
        read_rule(path)
    assert words in str(refused.value)
    assert str(refused.value).startswith(f"blackout.sql:{line}:")


def test_a_parameter_that_a_fact_reads_must_exist(tmp_path: Path) -> None:
    path = tmp_path / "blackout.sql"
    path.write_text(
        PLACE.replace("-- geometry", "-- reads: :school_bell_h\n-- geometry", 1), encoding="utf-8"
    )
    with pytest.raises(BadRuleFile, match=r"blackout\.sql:11: unknown parameter 'school_bell_h'"):
        read_rulebook(tmp_path, parameters())


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("other.binding", "other.is_binding", "block"),
        ("heights_overlap AND", "heights_overlapp AND", "applies"),
        ("-- measured: shared_m2", "-- measured: shared_acres", "measured"),
        ("-- block: mine.exclusive AND", "-- block: mine.exclusive AND AND", "block"),
        ("-- warn: true", "-- warn: 'yes'::integer", "warn"),
    ],
)
def test_a_condition_that_does_not_plan_stops_the_start(
    empty_session: Session, tmp_path: Path, old: str, new: str, key: str
) -> None:
    rule = read_rule(changed(tmp_path, old, new))
    others = tuple(other for other in rulebook().rules if other.name != "area_overlap")
    with pytest.raises(BadRuleFile) as refused:
        verify_rules(empty_session, make_rulebook((rule, *others), parameters()))
    assert str(refused.value).startswith(f"{rule.at(key)}: "), str(refused.value)


def test_the_rules_of_this_installation_plan(empty_session: Session) -> None:
    verify_rules(empty_session)


def test_a_value_of_a_town_for_an_unknown_parameter_stops_the_start(
    empty_database: Database, empty_session: Session, scenery: Any
) -> None:
    scenery.add_town(empty_database, ags="06431001", name="Weststadt", rect=[0, 0, 10, 10])
    with empty_database.owner_connection() as owner:
        owner.execute(
            "INSERT INTO town_parameter VALUES ('06431001', 'neighbour_metres', '2026-01-01', 5, '§ 1')"
        )
    with pytest.raises(BadRuleFile, match=r"06431001.*neighbour_metres"):
        verify_rules(empty_session)


PARAMETER = """\
close_m:
  title: {de: Nähe, en: Closeness}
  unit: m
  legal_source: § 1
  values: {2026-01-01: 10}
"""


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("  unit: m\n", "", "needs a unit"),
        ("unit: m", "unit: inch", "needs a unit"),
        ("  legal_source: § 1\n", "", "needs a legal_source"),
        ("  values: {2026-01-01: 10}\n", "", "needs values"),
        ("2026-01-01", "first", "first day"),
        ("10}", "ten}", "a number"),
        ("  unit: m", "  units: m", "unknown key 'units'"),
        ("en: Closeness", "", "title in de and en"),
    ],
)
def test_a_faulty_parameter_is_refused(tmp_path: Path, old: str, new: str, words: str) -> None:
    path = tmp_path / "parameters.yaml"
    path.write_text(PARAMETER.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(BadRuleFile, match=words) as refused:
        read_parameters(path)
    assert str(refused.value).startswith("parameters.yaml:1:")


OVERRIDE = "# own values\nneighbour_distance_m:\n  legal_source: § 3\n  values: {2026-07-01: 20}\n"


def test_a_town_writes_its_own_values(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    assert read_overrides(path, "06431002") == ()
    path.write_text(OVERRIDE, encoding="utf-8")
    (override,) = read_overrides(path, "06431002")
    assert (override.parameter, override.first_day, override.value) == (
        "neighbour_distance_m",
        date(2026, 7, 1),
        20.0,
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [("distance", "metres"), ("§ 3", ""), ("20}", "-1}"), ("2026-07-01", "July"), ("  values", "  value")],
)
def test_a_faulty_value_of_a_town_is_refused_with_its_line(tmp_path: Path, old: str, new: str) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(OVERRIDE.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(BadTownFolder, match=r"rules\.yaml:[2-4]: "):
        read_overrides(path, "06431002")


@pytest.mark.parametrize(
    ("value", "unit", "de", "en"),
    [
        (12.345, "m2", "12,3 m²", "12.3 m²"),
        (1234.5, "m2", "1.234,5 m²", "1,234.5 m²"),
        (40.0, "m2", "40 m²", "40 m²"),
        (1, "days", "1 Tag", "1 day"),
        (0, "days", "0 Tage", "0 days"),
        (None, "m", "unbekannt", "unknown"),
    ],
)
def test_numbers_are_written_in_the_way_of_the_language(
    value: float | None, unit: str, de: str, en: str
) -> None:
    assert (quantity(value, unit, "de"), quantity(value, unit, "en")) == (de, en)
