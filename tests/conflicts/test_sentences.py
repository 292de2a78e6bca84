"""What a clerk signs: every sentence of every finding about real special uses and real streets, read strictly."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
import shapely
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo_service.conflicts.finding import Finding, finding_document
from geo_service.conflicts.when import when_text
from geo_service.conflicts.words import source_in
from geo_service.construction.feed import read_feed
from geo_service.construction.feed_profile import find_profile, read_profile
from geo_service.construction.import_sites import store_feed
from geo_service.db.database import Database, speak_as
from geo_service.interval import TOWN_ZONE, Interval
from geo_service.occupations.incoming_geometry import read_geometry
from geo_service.occupations.recurrence import Recurrence
from geo_service.occupations.use_request import UseRequest
from geo_service.permits.assess_request import assess_request, assess_together

AS_OF = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)
FAULTS = {
    "a hole that nothing filled": r"[{}]|\bNone\b|\bnull\b",
    "a value that is not there": r"\bunbekannt\b|\bunknown\b|\bnan\b|\binf\b",
    "a name of the code or a key": r"\w_\w|[0-9a-f]{8}-[0-9a-f]{4}-|\b(?:way|node|seg)[/:-]?\d",
    "a date for machines": r"\d{4}-\d{2}-\d{2}|\d{2}:\d{2}:\d{2}",
    "a negative amount": r"(?<![\w.])-\d",
    "one day in the plural": r"\b1 (?:Tage|Jahre|days|years)\b",
    "careless setting": r" {2}|\s[,.;:]|\.\.|,\.|\(\)|„“|“”",
}
GERMAN = {
    "a decimal point": r"\d\.\d(?!\d\d)",
    "English": r"\b(?:the|and|from|with|request|street|not)\b",
}
ENGLISH = {
    "a decimal comma": r"\d,\d(?!\d\d)",
    "German": r"\b(?:nicht|wird|sind|Zeit vom|Uhr)\b",
}


def faults_of(finding: Finding) -> list[str]:
    document = finding_document(finding)
    # Names are as their owners write them, in German or with a key in brackets.
    named = [document["other"]["label"]] if document["other"] else []
    found = []
    for language, more in (("de", GERMAN), ("en", ENGLISH)):
        for part in ("explanation", "advice"):
            sentence = document[part][language]
            for name in named:
                sentence = sentence.replace(name, "Name")
            if not sentence.endswith("."):
                found.append(f"{finding.rule} does not end: {sentence}")
            patterns = {**FAULTS, **more}
            found += [
                f"{finding.rule}, {why}: {sentence}"
                for why, form in patterns.items()
                if re.search(form, sentence)
            ]
    return found


def assert_signed(findings: Iterable[Finding]) -> set[str]:
    read = list(findings)
    faults = [fault for finding in read for fault in faults_of(finding)]
    assert faults == [], "\n".join(faults)
    return {finding.number for finding in read}


def _use(feature: dict[str, Any], geometry: dict[str, Any], use_type: str, **more: Any) -> UseRequest:
    told = feature["properties"]
    restriction = {"voll": "full_closure", "teil": "lane_closure"}.get(told["ampel"], "none")
    period = Interval.of_days(
        max(date.fromisoformat(told["von"]), date(2023, 1, 1)), date.fromisoformat(told["bis"])
    )
    area = read_geometry(geometry, pointer="/geometry", length_m=None, depth_m=None)
    return UseRequest(use_type=use_type, period=period, area=area, restriction=restriction, **more)  # fmt: skip


@pytest.mark.shared_data
def test_every_special_use_of_karlsruhe(empty_database: Database, shared_data: Path, tmp_path: Path) -> None:
    """Each as a request among all the others of one day; nobody's town, no street known."""
    snapshot = shared_data / "karlsruhe-baustellen" / "flat_2026-08-07.geojson"
    whole = json.loads(snapshot.read_bytes())
    mine = [one for one in whole["features"] if one["properties"]["art"] == "Bauliche Sondernutzung"]
    whole["features"] = [one for one in whole["features"] if one not in mine]
    rest = tmp_path / "rest.geojson"
    rest.write_text(json.dumps(whole), encoding="utf-8")
    uses = ("geruest", "container", "kran", "baustelleneinrichtung", "aufgrabung", "bauzaun", "strassenfest")
    engine = empty_database.app_engine(pool_size=1)
    with Session(engine) as session:
        speak_as(session, actor="operator")
        store_feed(session, read_feed(rest, read_profile(find_profile("karlsruhe"))), as_of=AS_OF)
        requests = [
            _use(one, one["geometry"], uses[number % len(uses)], area_declared_m2=30.0)
            for number, one in enumerate(mine)
        ]
        assert len(requests) == 35
        found = [
            finding
            for request in requests
            for finding in assess_request(session, request, as_of=AS_OF).check.findings
        ]
        names = [one["properties"]["id"] for one in mine]
        together = assess_together(session, requests, names=names, as_of=AS_OF)
        found += [finding for assessment in together for finding in assessment.check.findings]
        session.rollback()
    engine.dispose()
    assert assert_signed(found) >= {"K01", "K02", "K23", "K24", "K25", "K26"}
    overlaps = [finding for finding in found if finding.rule == "area_overlap"]
    assert all(re.search(r"\b20\d\d\b", finding.explanation["de"]) for finding in overlaps), "on which days?"
    assert {finding.legal_source for finding in overlaps} == {source_in("HStrG § 16", "08212000")}


RESTRICTIONS = ("none", "full_closure", "half_closure_signals", "footway_closure", "one_direction_closure")
NIGHTS = Recurrence(season=None, weekdays=frozenset({"mon", "tue"}), from_time=time(22), until_time=time(5))


@pytest.mark.shared_data
def test_uses_on_the_real_streets_of_a_town(limburg_database: Database) -> None:
    dice = random.Random(20260606)
    engine = limburg_database.app_engine()
    with Session(engine) as session:
        speak_as(session, actor="operator")
        axes = session.execute(
            text(
                "SELECT ST_AsBinary(axis) FROM road_segment WHERE in_service AND 'car' = ANY(modes)"
                " AND length_m BETWEEN 30 AND 150 ORDER BY segment_id"
            )
        ).scalars()
        found: list[Finding] = []
        for axis in dice.sample([shapely.from_wkb(bytes(one)) for one in axes], 12):
            requests = [_somewhere(dice, axis) for _ in range(5)]
            together = assess_together(session, requests, names=list("ABCDE"), as_of=AS_OF)
            found += [finding for assessment in together for finding in assessment.check.findings]
        session.rollback()
    engine.dispose()
    seen = assert_signed(found)
    assert seen >= {"K01", "K02", "K03", "K04", "K05", "K08", "K14", "K22", "K23", "K26"}
    widths = [one for one in found if one.number in ("K04", "K05") and one.severity != "undetermined"]
    assumed = [one for one in widths if "Breite angenommen, nicht gemessen" in one.explanation["de"]]
    assert assumed and all(one.severity == "warn" for one in assumed)


def _somewhere(dice: random.Random, axis: shapely.LineString) -> UseRequest:
    along = shapely.line_interpolate_point(axis, dice.uniform(5, axis.length - 5))
    area = shapely.affinity.translate(
        shapely.box(-dice.uniform(1, 8), -dice.uniform(1, 3), 4, 1),
        along.x + dice.uniform(-5, 5),
        along.y + dice.uniform(-5, 5),
    )
    first = date(2026, 6, 2) + timedelta(days=dice.randint(-4, 60))
    use_type = dice.choice(("geruest", "aufgrabung", "aussengastronomie", "strassenfest", "container"))
    return UseRequest(
        use_type=use_type,
        period=Interval.of_days(first, first + timedelta(days=dice.randint(7, 25))),
        area=area,
        recurrence=NIGHTS if dice.random() < 0.2 else None,
        restriction=dice.choice(RESTRICTIONS),
        excavation=use_type == "aufgrabung",
    )


@pytest.mark.parametrize(
    ("start", "end", "de", "en"),
    [
        ("2026-06-06", "2026-06-07", "am 6. Juni 2026", "on 6 June 2026"),
        ("2026-06-06", "2026-06-15", "in der Zeit vom 6. bis 14. Juni 2026", "in the time from 6 to 14 June 2026"),
        ("2026-06-06", "2026-07-02", "in der Zeit vom 6. Juni bis 1. Juli 2026", "in the time from 6 June to 1 July 2026"),
        ("2026-12-30", "2027-01-02", "in der Zeit vom 30. Dezember 2026 bis 1. Januar 2027", "in the time from 30 December 2026 to 1 January 2027"),
        ("2026-06-06", None, "ab dem 6. Juni 2026", "from 6 June 2026 on"),
        ("2026-06-06T09:00", "2026-06-06T14:30", "am 6. Juni 2026 von 09:00 bis 14:30 Uhr", "on 6 June 2026 from 09:00 to 14:30"),
        ("2026-06-06T18:00", "2026-06-07", "am 6. Juni 2026 von 18:00 bis 24:00 Uhr", "on 6 June 2026 from 18:00 to 24:00"),
        ("2026-10-24T22:00", "2026-10-25T05:00", "in der Zeit vom 24. Oktober 2026 (22:00 Uhr) bis 25. Oktober 2026 (05:00 Uhr)", "in the time from 24 October 2026 (22:00) to 25 October 2026 (05:00)"),
        ("2026-10-25", "2026-10-26", "am 25. Oktober 2026", "on 25 October 2026"),
    ],
)  # fmt: skip
def test_days_and_hours_as_people_say_them(start: str, end: str | None, de: str, en: str) -> None:
    first = datetime.fromisoformat(start).replace(tzinfo=TOWN_ZONE).astimezone(UTC)
    last = None if end is None else datetime.fromisoformat(end).replace(tzinfo=TOWN_ZONE).astimezone(UTC)
    during = Interval(first, last)
    assert (when_text(during, "de"), when_text(during, "en")) == (de, en)
    assert when_text(None, "de") == "unmittelbar davor oder danach"
