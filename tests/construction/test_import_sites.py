"""An import is an update: what is new, changed, gone or back, and what it may not make binding."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
import shapely

from geo_service.conflicts.stored_findings import list_findings, recompute_findings
from geo_service.construction.import_sites import TooManySitesWouldVanish
from geo_service.errors import BadSiteFile
from tests.construction.conftest import NOW, PLAIN, Imports, site, square

LATER = datetime(2026, 8, 5, 10, 0, tzinfo=UTC)
STATES = "SELECT source_id, state, version FROM construction_site ORDER BY source_id"


def counts(report: Any) -> dict[str, int]:
    names = ("added", "returned", "changed", "unchanged", "gone", "stored")
    return {name: getattr(report, name) for name in names if getattr(report, name)}


def test_the_same_again_changes_nothing(imports: Imports) -> None:
    features = [site("a"), site("b", square(8.41, 49.0))]
    assert counts(imports.features(*features)) == {"added": 2, "stored": 2}
    before = imports.rows(STATES)
    assert counts(imports.features(*features)) == {"unchanged": 2}
    assert imports.rows(STATES) == before


def test_a_changed_record_is_written_and_the_others_are_not(imports: Imports) -> None:
    imports.features(site("a"), site("b", square(8.41, 49.0)))
    report = imports.features(site("a", bis="2026-09-01"), site("b", square(8.41, 49.0)))
    assert counts(report) == {"changed": 1, "unchanged": 1, "stored": 1}
    assert imports.value(
        "SELECT last_day(period) FROM occupation WHERE reference IS NULL AND label = 'Baustelle a'"
    )
    assert [tuple(row) for row in imports.rows(STATES)] == [("a", "confirmed", 2), ("b", "confirmed", 1)]


def test_what_is_gone_is_cancelled_from_that_day_and_stays_known(imports: Imports) -> None:
    kept = [site(str(number), square(8.42 + number / 100, 49.0)) for number in range(4)]
    running, over, ahead = (
        site("running", square(8.5, 49.0)),
        site("over", square(8.51, 49.0), bis="2026-08-04"),
        site("ahead", square(8.52, 49.0), von="2026-09-01", bis="2026-09-30"),
    )
    imports.features(*kept, running, over, ahead)
    report = imports.features(*kept, as_of=LATER)
    assert report.gone == 3
    rows = imports.rows(
        "SELECT s.source_id, s.state, o.counts, o.binding, o.published, s.published AS shown,"
        " first_day(o.period) AS first, last_day(o.period) AS last, s.period = o.period AS same"
        " FROM construction_site AS s JOIN occupation AS o ON o.source_id = s.site_id"
        " WHERE NOT o.counts ORDER BY s.source_id"
    )
    assert [(r.source_id, r.state, str(r.first), str(r.last)) for r in rows] == [
        ("ahead", "cancelled", "2026-09-01", "2026-09-30"),
        ("over", "ended", "2026-08-03", "2026-08-04"),
        ("running", "cancelled", "2026-08-03", "2026-08-04"),
    ]
    assert not any(r.counts or r.binding or r.published or r.shown or not r.same for r in rows)


def test_one_that_returns_is_revived_as_it_is_now(imports: Imports) -> None:
    other = [site(str(number), square(8.42 + number / 100, 49.0)) for number in range(3)]
    imports.features(*other, site("a"))
    imports.features(*other, as_of=LATER)
    report = imports.features(*other, site("a"), as_of=LATER)
    assert counts(report) == {"added": 1, "returned": 1, "unchanged": 3, "stored": 1}
    row = imports.rows(
        "SELECT s.state, o.counts, o.binding, o.published, last_day(o.period) AS last"
        " FROM construction_site AS s JOIN occupation AS o ON o.source_id = s.site_id WHERE s.source_id = 'a'"
    )
    assert [(r.state, r.counts, r.binding, r.published, str(r.last)) for r in row] == [
        ("confirmed", True, True, True, "2026-08-14")
    ]


def test_if_more_than_half_would_vanish_it_stops(imports: Imports) -> None:
    features = [site(str(number), square(8.42 + number / 100, 49.0)) for number in range(5)]
    imports.features(*features)
    before = imports.rows("SELECT * FROM construction_site ORDER BY gid")
    with pytest.raises(TooManySitesWouldVanish, match="3 of the 5 sites stored from test"):
        imports.features(*features[:2])
    with pytest.raises(BadSiteFile, match="holds no record"):
        imports.features()
    assert imports.rows("SELECT * FROM construction_site ORDER BY gid") == before
    assert imports.features(*features[:2], force=True).gone == 3


def test_exactly_half_may_vanish(imports: Imports) -> None:
    features = [site(str(number), square(8.42 + number / 100, 49.0)) for number in range(4)]
    imports.features(*features)
    assert imports.features(*features[:2]).gone == 2


def test_a_record_that_can_no_longer_be_read_keeps_what_is_stored(imports: Imports) -> None:
    imports.features(site("a"), site("b", square(8.41, 49.0)))
    report = imports.features(site("a", bis="bald"), site("b", square(8.41, 49.0)))
    assert (report.changed, report.gone, report.stored) == (1, 0, 0)
    assert [(each.source_id, each.number) for each in report.refused] == [("a", 1)]
    assert imports.value("SELECT state FROM construction_site WHERE source_id = 'a'") == "confirmed"
    assert imports.features(site("a", bis="bald"), site("b", square(8.41, 49.0))).unchanged == 2
    assert counts(imports.features(site("a"), site("b", square(8.41, 49.0))))["changed"] == 1


def test_a_changed_profile_reads_unchanged_records_again(imports: Imports) -> None:
    imports.features(site("a"))
    report = imports.features(site("a"), profile=PLAIN.replace("titel\n", "bez|id\n"))
    assert counts(report) == {"unchanged": 1, "stored": 1}
    assert imports.value("SELECT title FROM construction_site") == "a"


def test_two_that_exclude_each_other_are_not_both_binding(imports: Imports) -> None:
    report = imports.features(site("late", von="2026-08-05"), site("early"))
    assert [each.source_id for each in report.held] == ["late"]
    assert "Baustelle early" in report.held[0].reason
    assert [tuple(row) for row in imports.rows(STATES)] == [("early", "confirmed", 1), ("late", "planned", 1)]
    left = imports.rows(
        "SELECT f.severity FROM finding AS f JOIN occupation AS o ON o.occupation_id = f.mine_occupation"
        " WHERE f.rule = 'area_overlap' AND o.binding"
    )
    assert [row.severity for row in left] == ["warn"], "no blocking finding between what is binding"


def test_what_waits_is_confirmed_when_the_way_is_free(imports: Imports) -> None:
    other = [site(str(number), square(8.42 + number / 100, 49.0)) for number in range(3)]
    imports.features(*other, site("early"), site("late", von="2026-08-05"))
    assert counts(imports.features(*other, site("early"), site("late", von="2026-08-05"))) == {"unchanged": 5}
    report = imports.features(*other, site("late", von="2026-08-05"))
    assert counts(report) == {"unchanged": 4, "gone": 1, "stored": 1}
    assert report.held == ()
    assert imports.value("SELECT state FROM construction_site WHERE source_id = 'late'") == "confirmed"


def test_what_the_feed_declares_to_belong_together_is_not_compared(imports: Imports) -> None:
    report = imports.features(
        site("47_1"), site("47_2"), site("48"), profile=PLAIN + "belongs_together: {field: id, before: _}\n"
    )
    assert [each.source_id for each in report.held] == ["48"]


def test_a_planned_feed_is_never_binding(imports: Imports) -> None:
    report = imports.features(site("a"), site("b"), profile=PLAIN + "state: planned\n")
    assert report.held == ()
    assert imports.value("SELECT count(*) FROM occupation WHERE binding") == 0


def test_the_binding_lock_is_held(imports: Imports) -> None:
    imports.features(site("a"))
    assert imports.value("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted") >= 1


def test_findings_are_those_of_one_by_one(imports: Imports) -> None:
    features = [
        site(f"{east}-{north}", square(8.40 + east / 4000, 49.01 + north / 6000), von=f"2026-08-0{1 + east}")
        for east in range(4)
        for north in range(4)
    ]
    imports.features(*features, site("open", square(8.4003, 49.0103), bis=None))
    query = (
        "SELECT finding_id, severity, could_be, measured, limit_value, during, missing, mine_occupation,"
        " other_occupation, document::text FROM finding ORDER BY finding_id"
    )
    together = imports.rows(query)
    assert len(together) > 20
    for row in imports.rows("SELECT occupation_id FROM occupation"):
        recompute_findings(imports.session, row.occupation_id, as_of=NOW)
    assert imports.rows(query) == together


def test_neighbours_that_were_there_before_are_told(imports: Imports) -> None:
    imports.features(site("a"))
    second = PLAIN.replace("source: test", "source: other")
    imports.features(site("b"), profile=second)
    first = imports.value("SELECT occupation_id FROM occupation WHERE label = 'Baustelle a'")
    assert [
        f.number for f in list_findings(imports.session, first, both=False) if f.rule == "area_overlap"
    ] == ["K01"]


def test_parts_of_one_site_are_one_site_if_the_profile_says_so(imports: Imports) -> None:
    twice = [site("a"), site("a", square(8.41, 49.0))]
    with pytest.raises(BadSiteFile, match="2 records have this id"):
        imports.features(*twice)
    imports.features(*twice, profile=PLAIN + "same_id: merge\n")
    wkb = imports.value("SELECT ST_AsBinary(area) FROM construction_site")
    assert shapely.from_wkb(bytes(wkb)).geom_type == "MultiPolygon"


def test_attribution_licence_and_report_are_kept(imports: Imports) -> None:
    imports.features(site("a"), site("b", square(8.41, 49.0), von="x"))
    row = imports.rows("SELECT attribution, licence, report FROM site_feed")[0]
    assert (row.attribution, row.licence) == ("Stadt Test", "dl-de/by-2-0")
    report = row.report if isinstance(row.report, dict) else json.loads(row.report)
    assert [each["source_id"] for each in report["refused"]] == ["b"]
    published = "SELECT CAST(fragment_crs84 AS json) -> 'properties' ->> 'attribution' FROM construction_site"
    assert imports.value(published) == "Stadt Test"
