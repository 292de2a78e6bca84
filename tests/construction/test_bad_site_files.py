"""Bad input: one clear line for a file that is no use, one reason for each record that is not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from geo_service.construction.feed import read_feed
from geo_service.construction.feed_profile import find_profile, read_profile
from geo_service.errors import BadProfile, BadSiteFile
from tests.construction.conftest import PLAIN, Imports, site, square

METRES = {
    "type": "Polygon",
    "coordinates": [[[456000, 5428000], [456020, 5428000], [456020, 5428020], [456000, 5428000]]],
}
FEET = {
    "type": "Polygon",
    "coordinates": [[[1496062, 17808398], [1496128, 17808398], [1496128, 17808464], [1496062, 17808398]]],
}


def read(folder: Path, content: bytes | str | list[Any], profile: str = PLAIN) -> Any:
    path, words = folder / "feed.geojson", folder / "p.yaml"
    if isinstance(content, list):
        content = json.dumps({"type": "FeatureCollection", "features": content})
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    words.write_text(profile, encoding="utf-8")
    return read_feed(path, read_profile(words))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "feed.geojson: the file is empty"),
        ("  \n", "the file is empty"),
        (
            '{"type": "FeatureCollection",\n "features": [{"type": "Fea',
            "feed.geojson:2: not valid JSON: .* cut off",
        ),
        ('{"type": "FeatureCollection"}', "holds no GeoJSON FeatureCollection"),
        ("[" * 100_000, "not valid JSON|nested too deeply"),
        ("id;von;bis\n1;2;3", "feed.geojson:1: not valid JSON"),
        ('{"features": [\n"Gr\xfcn"]}'.encode("latin-1"), "feed.geojson:2: not utf-8; .* latin-1"),
        ([site("a", METRES)], r"record 1 \(a\) has coordinates that are not degrees.* add crs"),
        ([site("a", FEET)], "not degrees"),
        (
            [site("a", von=None), site("b", von="x")],
            "none of the 2 records can be used: a: there is no start",
        ),
    ],
)
def test_a_file_that_is_no_use_is_one_line(tmp_path: Path, content: Any, words: str) -> None:
    with pytest.raises(BadSiteFile, match=words) as told:
        read(tmp_path, content)
    assert "\n" not in told.value.detail


def test_latin_1_is_read_where_the_profile_says_so(tmp_path: Path) -> None:
    content = json.dumps({"type": "FeatureCollection", "features": [site("ä")]}, ensure_ascii=False)
    feed = read(tmp_path, content.encode("latin-1"), PLAIN + "encoding: latin-1\n")
    assert list(feed.deliveries) == ["ä"]


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"von": 1785542400000}, "looks like milliseconds since 1970"),
        ({"von": "1785542400"}, "looks like seconds since 1970"),
        ({"von": "NULL"}, "there is no start"),
        ({"bis": "2026-08-01"}, "the end 2026-08-01 lies before the start 2026-08-03"),
        ({"bis": "31.02.2026"}, "is not a date"),
        ({"bis": "demnächst"}, "is not a date"),
        ({"von": "0206-08-03"}, "the year 206 is not plausible"),
        ({"bis": {"tag": 3}}, "is not a date"),
    ],
)
def test_dates_that_cannot_be_read_are_refused_one_by_one(
    tmp_path: Path, changed: dict[str, Any], reason: str
) -> None:
    feed = read(tmp_path, [site("bad", **changed), site("good")])
    assert reason in feed.deliveries["bad"].refused
    assert feed.deliveries["good"].site is not None


@pytest.mark.parametrize("empty", [None, "", "NULL", "null", " "])
def test_a_missing_end_is_an_open_period(tmp_path: Path, empty: Any) -> None:
    feed = read(tmp_path, [site("a", bis=empty)])
    assert feed.deliveries["a"].site.period.end is None
    assert feed.notes.open_end == 1


@pytest.mark.parametrize(
    ("formats", "von", "bis", "expected"),
    [
        ("[iso]", "2026-03-29", "2026-03-29", "[2026-03-28T23:00:00+00:00,2026-03-29T22:00:00+00:00)"),
        ("['%d.%m.%Y']", "25.10.2026", "25.10.2026", "[2026-10-24T22:00:00+00:00,2026-10-25T23:00:00+00:00)"),
        ("['%d.%m.%Y %H:%M']", "1.6.2026 07:00", "1.6.2026 23:59", "[2026-06-01T05:00:00+00:00,2026-06-01T22:00:00+00:00)"),
        ("[epoch_ms]", 1780290000000, 1780318800000, "[2026-06-01T05:00:00+00:00,2026-06-01T13:00:00+00:00)"),
        ("[iso]", "2026-06-01T07:00:00+02:00", "2026-06-01T15:00", "[2026-06-01T05:00:00+00:00,2026-06-01T13:00:00+00:00)"),
    ],
)  # fmt: skip
def test_civil_days_and_instants(tmp_path: Path, formats: str, von: Any, bis: Any, expected: str) -> None:
    rules = PLAIN.replace("{field: von}", f"{{field: von, formats: {formats}}}")
    rules = rules.replace("{field: bis}", f"{{field: bis, formats: {formats}}}")
    feed = read(tmp_path, [site("a", von=von, bis=bis)], rules)
    assert feed.deliveries["a"].site.period.to_range() == expected


BOW = {
    "type": "Polygon",
    "coordinates": [[[8.4, 49.01], [8.401, 49.011], [8.401, 49.01], [8.4, 49.011], [8.4, 49.01]]],
}
SPIKE = {
    "type": "Polygon",
    "coordinates": [
        [[8.4, 49.0], [8.41, 49.0], [8.41, 49.01], [8.41, 49.011], [8.41, 49.01], [8.4, 49.01], [8.4, 49.0]]
    ],
}


@pytest.mark.parametrize(
    ("geometry", "reason"),
    [
        ({"type": "Polygon", "coordinates": []}, "the geometry is empty"),
        ({"type": "GeometryCollection", "geometries": []}, "the geometry is empty"),
        (BOW, "cannot be repaired: self-intersection at 8.4005"),
        ({"type": "LineString", "coordinates": [[8.4, 49.0], [8.4, 49.0]]}, "the line has no length"),
        ({"type": "Polygon", "coordinates": [[[8.4, 49.0], [8.41, 49.0], [8.4, 49.0]]]}, "polygon"),
        ({"type": "Point", "coordinates": [49.0, 8.4]}, "longitude and latitude are swapped"),
        ({"type": "Point", "coordinates": [2.35, 48.85]}, "outside 5.5–15.5° E"),
        ({"type": "LineString", "coordinates": [[8.4, 49.0], [5.1, 49.0], [8.4, 49.1]]}, "outside 5.5–15.5° E"),
        ({"type": "Point", "coordinates": ["8.4", "49.0"]}, "not a pair of numbers"),
        ({"type": "Point", "coordinates": [float("nan"), 49.0]}, "not a finite number"),
        (square(8.4, 49.0, 5000), "at most 10 km² are accepted"),
        ({"type": "LineString", "coordinates": [[8.4 + n / 1e6, 49.0] for n in range(10_001)]}, "more than 10000 vertices"),
        (
            {"type": "MultiPolygon", "coordinates": 10 * [[[[8.4 + n / 1e7, 49.0 + n % 2 / 1e5] for n in range(100_000)]]]},
            "more than 10000 vertices",
        ),
        ({"type": "Kreis", "coordinates": [8.4, 49.0]}, "this geometry type is not accepted"),
        ("POINT(8.4 49.0)", "the geometry is empty"),
    ],
)  # fmt: skip
def test_geometries_that_cannot_be_used_are_refused_one_by_one(
    tmp_path: Path, geometry: Any, reason: str
) -> None:
    feed = read(tmp_path, [site("bad", geometry), site("good")])
    assert reason in (feed.deliveries["bad"].refused or "")


def test_parts_are_judged_one_by_one(tmp_path: Path) -> None:
    collection = {
        "type": "GeometryCollection",
        "geometries": [
            square(8.42, 49.02),
            BOW,
            SPIKE,
            {
                "type": "MultiLineString",
                "coordinates": [[[8.43, 49.0], [8.43, 49.0]], [[8.43, 49.0], [8.431, 49.0]]],
            },
            {"type": "Point", "coordinates": [8.4, 49.0]},
        ],
    }
    feed = read(tmp_path, [site("a", collection)])
    assert [reason.partition(":")[0] for _, reason in feed.notes.left_out] == [
        "part 2 (polygon)",
        "part 4 1 (line)",
    ]
    assert [reason for _, reason in feed.notes.repaired] == ["part 3: not valid, repaired"]
    assert feed.notes.widened == ["a"]
    assert feed.deliveries["a"].site.area.is_valid


def test_lines_have_the_stated_width_or_the_default(tmp_path: Path) -> None:
    line = {"type": "LineString", "coordinates": [[8.4, 49.0], [8.402, 49.0]]}
    rules = PLAIN + "geometry: {line_half_width_m: 2, line_half_width_field: breite}\n"
    feed = read(tmp_path, [site("default", line), site("stated", line, breite="4,0")], rules)
    default, stated = (feed.deliveries[name].site.area for name in ("default", "stated"))
    assert stated.area == pytest.approx(2 * default.area, rel=0.01)


def test_the_declared_crs_is_used_and_never_guessed(tmp_path: Path, imports: Imports) -> None:
    assert read(tmp_path, [site("a", METRES)], PLAIN + "crs: EPSG:25832\n").deliveries["a"].site is not None
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::25832"}}
    whole = {"type": "FeatureCollection", "crs": crs, "features": [site("a", METRES)]}
    assert read(tmp_path, json.dumps(whole)).deliveries["a"].site is not None
    with pytest.raises(BadSiteFile, match="only one can be true"):
        read(tmp_path, json.dumps(whole), PLAIN + "crs: EPSG:25833\n")
    with pytest.raises(BadSiteFile, match="is not known"):
        read(tmp_path, json.dumps(whole).replace("EPSG::25832", "EPSG::9999999"))
    with pytest.raises(BadSiteFile, match="is the CRS right, and the unit"):
        read(tmp_path, [site("a", FEET)], PLAIN + "crs: EPSG:25832\n")
    with pytest.raises(BadSiteFile, match="outside"):
        read(
            tmp_path,
            [site("a", {"type": "Point", "coordinates": [985000, 203000]})],
            PLAIN + "crs: EPSG:2263\n",
        )


def test_records_without_an_id_are_counted(tmp_path: Path) -> None:
    feed = read(
        tmp_path, [site("good"), {**site("x"), "properties": {"von": "2026-08-03"}}, {"type": "Feature"}]
    )
    assert [each.number for each in feed.nameless] == [2, 3]


def test_codes_nobody_translated_are_told(tmp_path: Path) -> None:
    rules = PLAIN + "  restriction: {field: sperrung, codes: {voll: full_closure}}\n"
    feed = read(tmp_path, [site("a", sperrung="voll"), site("b", sperrung="halb")], rules)
    assert feed.deliveries["a"].site.restriction == "full_closure"
    assert feed.deliveries["b"].site.restriction == "none"
    assert dict(feed.notes.untranslated) == {("sperrung", "halb"): 1}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("source: test\n", "p.yaml:1: attribution: is missing"),
        (PLAIN + "farbe: rot\n", "p.yaml:12: farbe: is not a known key; known are attribution"),
        (PLAIN + "crs: EPSG:99999999\n", "p.yaml:12: crs: 'EPSG:99999999' is not a known CRS"),
        (PLAIN + "  restriction: {field: a, codes: {voll: gesperrt}}\n", "p.yaml:12: .*'gesperrt' is not a code"),
        (PLAIN + "  restriction:\n    field: a\n    codes:\n      voll: zu\n", "p.yaml:15: fields.restriction.codes.voll"),
        (PLAIN + "  kind: art\n", "p.yaml:12: fields.kind: a code is needed"),
        (PLAIN + "  takes: {autobahn: x}\n", "p.yaml:12: fields.takes.autobahn"),
        (PLAIN + "state: fertig\n", "p.yaml:12: state: a code is needed"),
        (PLAIN.replace("period:", "period:\n  zone: Mars"), "zone: 'Mars' is not a time zone"),
        (PLAIN + "id: nr\n", "id is given a second time"),
        ("a: [b\n", "not valid YAML"),
        ("- a\n", "a profile is a table of keys"),
    ],
)  # fmt: skip
def test_a_faulty_profile_is_refused_with_file_and_line(tmp_path: Path, words: str, told: str) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(words, encoding="utf-8")
    with pytest.raises(BadProfile, match=told):
        read_profile(path)


def test_every_shipped_profile_is_sound() -> None:
    names = ("karlsruhe", "berlin", "hamburg", "sachsen", "brandenburg", "geojson")
    assert {read_profile(find_profile(name)).source for name in names} == set(names)
    with pytest.raises(BadProfile, match="known are berlin, brandenburg"):
        find_profile("bremen")
