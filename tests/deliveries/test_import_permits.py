"""Cases of another system come in with the state they have there, each row used or refused with its reason."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pyproj import Transformer
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo_service.db.database import speak_as
from geo_service.deliveries.import_permits import read_permits, store_permits
from geo_service.deliveries.profiles import PermitProfile, find_delivery_profile, read_delivery_profile
from geo_service.deliveries.report import DeliveryReport
from geo_service.errors import BadProfile, BadSiteFile

NOW = datetime(2026, 6, 1, 8, tzinfo=UTC)
NYC = ("APP_ID", "BUILDING", "STREET", "BUSINESS_NAME2", "ZIP", "SWC_TYPE", "APP_SQ_FT", "APP_TABLES", "APP_STATUS",
       "SUBMIT_DATE", "EXPIRATION_DATE", "FINAL_X", "FINAL_Y")  # fmt: skip
MARKET = (475_300.0, 5_503_400.0)  # a place in Bensheim, EPSG:25832
to_feet = Transformer.from_crs(25832, 2263, always_xy=True).transform
Bring = Callable[..., DeliveryReport]


def shipped(name: str) -> PermitProfile:
    return read_delivery_profile(find_delivery_profile("permits", name), PermitProfile)


def cafe(number: int, **said: object) -> dict[str, object]:
    """A row in the form of New York's file, in feet, for a place in Bensheim."""
    x, y = to_feet(MARKET[0] + 50 * number, MARKET[1])
    return {
        "APP_ID": f"{number}-2026-ASWC", "BUILDING": 10 + number, "STREET": "MARKTPLATZ", "BUSINESS_NAME2": "CAFE",
        "ZIP": "64625", "SWC_TYPE": "Unenclosed", "APP_SQ_FT": 200, "APP_TABLES": 6, "APP_STATUS": "Pending Review",
        "SUBMIT_DATE": "02 Mar 2026", "EXPIRATION_DATE": "15 Dec 2026", "FINAL_X": x, "FINAL_Y": y, **said,
    }  # fmt: skip


@pytest.fixture
def bring(town_session: Session, tmp_path: Path) -> Iterator[Bring]:
    speak_as(town_session, actor="operator")

    def bring_in(*rows: dict[str, object]) -> DeliveryReport:
        path = tmp_path / "cafes.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, NYC)
            writer.writeheader()
            writer.writerows(rows)
        return store_permits(town_session, read_permits(path, shipped("nyc-sidewalk-cafe")), as_of=NOW)

    yield bring_in


def as_clerk(session: Session, town: str = "06431002") -> Session:
    speak_as(session, actor="clerk", town=town)
    return session


@pytest.mark.shared_data
def test_new_york_is_read_whole_and_refused_row_by_row(town_session: Session, shared_data: Path) -> None:
    path = shared_data / "nyc-sidewalk-cafe" / "sidewalk_cafe_applications.csv"
    speak_as(town_session, actor="operator")
    found = read_permits(path, shipped("nyc-sidewalk-cafe"))
    report = store_permits(town_session, found, as_of=NOW)
    assert (report.delivered, len(found.rows), sum(report.written.values())) == (1591, 1589, 0)
    assert len(report.refused) == 1589
    outside = [r for r in report.refused if "outside 5.5–15.5° E" in r.reason]
    assert len(outside) > 1550
    assert "EPSG:2263 it lies at -74.009, 40.716 degrees" in report.refused[0].reason
    others = {r.reason[:30] for r in report.refused} - {r.reason[:30] for r in outside}
    assert any("have this id" in reason for reason in {r.reason for r in report.refused})
    assert len(others) < 10
    assert as_clerk(town_session).execute(text("SELECT count(*) FROM permit")).scalar_one() == 0


def test_rows_in_feet_become_cases_at_their_place(bring: Bring, town_session: Session) -> None:
    report = bring(cafe(1), cafe(2, APP_STATUS="Application Denied"), cafe(3, BUSINESS_NAME2=""))
    assert report.written == {"in_review": 2, "rejected": 1}
    assert (report.added, report.refused) == (3, ())
    row = (
        as_clerk(town_session)
        .execute(
            text(
                "SELECT ST_X(ST_Centroid(area)) AS x, ST_Y(ST_Centroid(area)) AS y, area_m2, area_declared_m2, reference,"
                " address_text, purpose, count, lower(period) AS start, filed_at FROM permit"
                " WHERE source_reference = '1-2026-ASWC' AND source = 'nyc-sidewalk-cafe'"
            )
        )
        .one()
    )
    assert (row.x, row.y) == (pytest.approx(MARKET[0] + 50, abs=0.01), pytest.approx(MARKET[1], abs=0.01))
    assert row.area_m2 == pytest.approx(18.58, abs=0.01)  # 200 square feet
    assert row.area_declared_m2 == 18.58
    assert row.reference == "BEN-2026-000001"
    assert (row.address_text, row.purpose, row.count) == ("11 – MARKTPLATZ", "Unenclosed", 6)
    assert row.filed_at == datetime(2026, 3, 2, 5, tzinfo=UTC)  # midnight in New York


def test_the_applicant_lies_apart_and_no_other_town_sees_the_case(
    bring: Bring, town_session: Session
) -> None:
    bring(cafe(1, BUSINESS_NAME2="<script>alert(1)</script>"))
    session = as_clerk(town_session)
    assert session.execute(text("SELECT name, address FROM applicant")).one() == (
        "<script>alert(1)</script>",
        "64625",
    )
    step = session.execute(
        text("SELECT from_status, to_status, actor_role, reason FROM permit_transition")
    ).one()
    assert (step.from_status, step.to_status, step.actor_role) == (None, "in_review", "operator")
    assert "1-2026-ASWC, Pending Review" in step.reason
    as_clerk(town_session, "06431020")
    for table in ("permit", "applicant", "permit_transition"):
        assert session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() == 0


def test_what_is_granted_there_is_binding_and_published_here(bring: Bring, town_session: Session) -> None:
    report = bring(cafe(1, APP_STATUS="Application Review Completed"))
    assert (report.written, report.held) == ({"granted": 1}, ())
    row = town_session.execute(
        text("SELECT state, binding, published, party IS NOT NULL AS p FROM occupation")
    ).one()
    assert (row.state, row.binding, row.published, row.p) == ("granted", True, True, True)
    published = town_session.execute(text("SELECT reference, use_type FROM published_permit")).one()
    assert published == ("BEN-2026-000001", "aussengastronomie")


def test_two_grants_on_one_place_are_not_both_binding(bring: Bring, town_session: Session) -> None:
    there = {key: cafe(1)[key] for key in ("FINAL_X", "FINAL_Y")}
    granted = {"APP_STATUS": "Application Review Completed"}
    report = bring(cafe(1, **granted), cafe(2, **granted, **there))
    assert report.written == {"granted": 1, "in_review": 1}
    assert [(r.source_id, r.number) for r in report.held] == [("2-2026-ASWC", 2)]
    assert "K01" in report.held[0].reason


def test_what_is_over_is_ended(bring: Bring, town_session: Session) -> None:
    report = bring(cafe(1, APP_STATUS="Application Review Completed", EXPIRATION_DATE="15 Apr 2026"))
    assert report.written == {"ended": 1}
    assert town_session.execute(text("SELECT counts FROM occupation")).scalar_one() is False


def test_again_changes_nothing_and_a_newer_file_is_an_update(bring: Bring, town_session: Session) -> None:
    bring(cafe(1), cafe(2))
    again = bring(cafe(1), cafe(2))
    assert (again.unchanged, again.written) == (2, {})
    report = bring(cafe(1, APP_STATUS="Application Denied", APP_TABLES=4), cafe(3))
    assert (report.added, report.changed, report.unchanged, report.gone) == (1, 1, 0, 1)
    assert [r.source_id for r in report.kept] == ["2-2026-ASWC"]
    rows = as_clerk(town_session).execute(
        text("SELECT source_reference, status, count, reference FROM permit")
    )
    assert sorted(tuple(row) for row in rows) == [
        ("1-2026-ASWC", "rejected", 4, "BEN-2026-000001"),
        ("2-2026-ASWC", "in_review", 6, "BEN-2026-000002"),
        ("3-2026-ASWC", "in_review", 6, "BEN-2026-000003"),
    ]


def test_a_case_that_people_worked_on_is_left_alone(bring: Bring, town_session: Session) -> None:
    bring(cafe(1))
    session = as_clerk(town_session)
    session.execute(
        text(
            "INSERT INTO permit_transition (permit_id, town, from_status, to_status, actor_role, actor_name)"
            " SELECT permit_id, town, 'in_review', 'rejected', 'clerk', 'Frau Beispiel' FROM permit"
        )
    )
    speak_as(town_session, actor="operator")
    report = bring(cafe(1, APP_STATUS="Application Withdrawn"))
    assert report.written == {}
    assert "worked on here" in report.kept[0].reason
    assert bring(cafe(1, APP_STATUS="Application Withdrawn")).kept == ()


def test_a_held_case_is_granted_once_the_way_is_free(bring: Bring, town_session: Session) -> None:
    there = {key: cafe(1)[key] for key in ("FINAL_X", "FINAL_Y")}
    granted = {"APP_STATUS": "Application Review Completed"}
    bring(cafe(1, **granted), cafe(2, **granted, **there))
    report = bring(cafe(1, APP_STATUS="Application Withdrawn"), cafe(2, **granted, **there))
    assert (report.written, report.held) == ({"withdrawn": 1, "granted": 1}, ())
    steps = as_clerk(town_session).execute(
        text(
            "SELECT to_status FROM permit_transition JOIN permit USING (permit_id)"
            " WHERE source_reference = '2-2026-ASWC' ORDER BY transition_id"
        )
    )
    assert [step.to_status for step in steps] == ["in_review", "granted"]


def test_bad_rows_are_refused_one_by_one(bring: Bring, town_session: Session) -> None:
    report = bring(
        cafe(1),
        cafe(2, FINAL_X="NULL", FINAL_Y="NULL"),
        cafe(3, SUBMIT_DATE="1772409600000"),
        cafe(4, APP_STATUS="Lost"),
        cafe(5, EXPIRATION_DATE="01 Jan 2020"),
        cafe(6, APP_SQ_FT="many"),
        cafe(7, FINAL_X=MARKET[0], FINAL_Y=MARKET[1]),
        cafe(8, FINAL_X="x", FINAL_Y="y"),
        cafe(9, APP_ID="NULL"),
        cafe(10, EXPIRATION_DATE="NULL"),
    )
    reasons = {remark.number: remark.reason for remark in report.refused}
    assert sorted(reasons) == [2, 3, 4, 5, 6, 7, 8, 9]
    assert reasons[2] == "there is no geometry"
    assert "milliseconds since 1970" in reasons[3]
    assert reasons[4] == "the state Lost is not in the profile's codes"
    assert "before the start" in reasons[5]
    assert reasons[6] == "'many' is not an area"
    assert "is the CRS right, and the unit?" in reasons[7]
    assert "not a pair of numbers" in reasons[8]
    assert "there is no id" in reasons[9]
    assert report.written == {"in_review": 2}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b"APP_ID;X\n1;2\n", "no column 'FINAL_X'"),
        (b"APP_ID,FINAL_X,FINAL_Y\n", "holds no record"),
        ("APP_ID,FINAL_X,FINAL_Y\nä,1,2\n".encode("latin-1"), r"cafes\.csv:2: not utf-8"),
    ],
)
def test_a_bad_file_is_one_clear_line(tmp_path: Path, content: bytes, sentence: str) -> None:
    path = tmp_path / "cafes.csv"
    path.write_bytes(content)
    with pytest.raises(BadSiteFile, match=sentence):
        read_permits(path, shipped("nyc-sidewalk-cafe"))


def test_a_row_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cafes.csv"
    path.write_text("APP_ID,FINAL_X,FINAL_Y,APP_STATUS\n7,1,2,Submitted\n8,1", encoding="utf-8")
    found = read_permits(path, shipped("nyc-sidewalk-cafe"))
    assert found.rows["8"].refused == "the row has 2 cells, the header 4; is the file cut off?"


def test_a_table_without_a_crs_is_refused(tmp_path: Path) -> None:
    words = find_delivery_profile("permits", "permits-table").read_text(encoding="utf-8")
    profile = tmp_path / "own.yaml"
    profile.write_text(words.replace("crs: EPSG:25832", "#"), encoding="utf-8")
    table = tmp_path / "cases.csv"
    table.write_text("aktenzeichen;rechtswert;hochwert\n1;475300;5503400\n", encoding="utf-8")
    with pytest.raises(BadSiteFile, match="says nothing about its CRS"):
        read_permits(table, read_delivery_profile(profile, PermitProfile))


def test_a_faulty_profile_names_file_and_line_of_every_fault(tmp_path: Path) -> None:
    words = find_delivery_profile("permits", "permits-table").read_text(encoding="utf-8")
    profile = tmp_path / "own.yaml"
    profile.write_text(
        words.replace("Kran: kran", "Kran: baukran").replace("erlaubt: granted", "erlaubt: ok")
    )
    with pytest.raises(BadProfile) as error:
        read_delivery_profile(profile, PermitProfile)
    said = [error.value.detail, *(f"{fault.pointer}: {fault.detail}" for fault in error.value.errors)]
    assert [f"own.yaml:{line}" in said[i] for i, line in enumerate((16, 23))] == [True, True]


def test_an_offices_table_in_latin_1_with_commas_for_points(town_session: Session, tmp_path: Path) -> None:
    words = find_delivery_profile("permits", "permits-table").read_text(encoding="utf-8")
    profile = tmp_path / "own.yaml"
    profile.write_text(words.replace("encoding: utf-8 ", "encoding: latin-1 "), encoding="utf-8")
    table = tmp_path / "cases.csv"
    table.write_bytes(
        "aktenzeichen;rechtswert;hochwert;von;bis;status;nutzung;flaeche_m2;name\n"
        "66.1/4;475300,5;5503400,25;01.07.2026;14.07.2026;beantragt;Gerüst;12,5;Müller & Söhne\n".encode(
            "latin-1"
        )
    )
    speak_as(town_session, actor="operator")
    report = store_permits(
        town_session, read_permits(table, read_delivery_profile(profile, PermitProfile)), as_of=NOW
    )
    assert report.written == {"submitted": 1}
    row = as_clerk(town_session).execute(text("SELECT use_type, area_m2, source_reference FROM permit")).one()
    assert (row.use_type, row.area_m2, row.source_reference) == ("geruest", pytest.approx(12.5), "66.1/4")
    assert town_session.execute(text("SELECT name FROM applicant")).scalar_one() == "Müller & Söhne"
