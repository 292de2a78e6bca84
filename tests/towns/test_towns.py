"""Towns are found by AGS and slug, and every place in the Kreis belongs to the right one."""

from __future__ import annotations

import pytest
from shapely.geometry import Point, box
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo_service.crs import to_town
from geo_service.packed import data_folder
from geo_service.towns.folder import read_town_folder
from geo_service.towns.town import NoSuchTown, find_town, get_town, list_towns, towns_at


def test_the_district_has_22_municipalities_and_one_unincorporated_area(town_session: Session) -> None:
    towns = list_towns(town_session)
    assert len(towns) == 23
    assert [town.name for town in towns if town.kind == "gemeindefreies Gebiet"] == ["Michelbuch"]
    accepting = {town.slug for town in towns if town.accepts_requests}
    assert accepting == {"bensheim", "viernheim", "heppenheim"}
    assert all(town.boundary_accuracy_m == 100 for town in towns)
    assert {town.attribution for town in towns} == {"© GeoBasis-DE / BKG 2017 (Daten verändert)"}


def test_a_town_is_found_by_ags_and_by_slug(town_session: Session) -> None:
    bensheim = get_town(town_session, "06431002")
    assert bensheim == get_town(town_session, "bensheim")
    assert (bensheim.name, bensheim.reference_prefix, bensheim.zone.key) == (
        "Bensheim",
        "BEN",
        "Europe/Berlin",
    )
    assert bensheim.settings["published_uses_except"] == ("umzug_halteverbot",)
    assert bensheim.texts("en").greeting.startswith("Welcome")
    assert find_town(town_session, "darmstadt") is None
    with pytest.raises(NoSuchTown):
        get_town(town_session, "06431099")


@pytest.mark.parametrize(
    ("lon", "lat", "slug"),
    [
        (8.6197, 49.6806, "bensheim"),
        (8.5786, 49.5399, "viernheim"),
        (8.6390, 49.6430, "heppenheim"),
        (8.5676, 49.6539, "lorsch"),
        (8.4707, 49.5960, "lampertheim"),
    ],
)
def test_a_market_place_lies_in_its_town(town_session: Session, lon: float, lat: float, slug: str) -> None:
    [share] = towns_at(town_session, to_town(Point(lon, lat)))
    assert share.town.slug == slug


def test_an_area_across_a_border_names_both_towns_the_larger_share_first(town_session: Session) -> None:
    area = to_town(box(8.55, 49.63, 8.66, 49.69))
    shares = towns_at(town_session, area)
    assert {"bensheim", "lorsch", "heppenheim"} <= {share.town.slug for share in shares}
    assert [share.shared_m2 for share in shares] == sorted(
        (share.shared_m2 for share in shares), reverse=True
    )
    assert sum(share.shared_m2 for share in shares) <= area.area * 1.0001
    assert towns_at(town_session, to_town(Point(13.4, 52.5))) == []


def test_the_pieces_make_up_the_boundary(town_session: Session) -> None:
    rows = town_session.execute(
        text(
            "SELECT t.slug, ST_Area(t.boundary) AS whole, sum(ST_Area(p.piece)) AS pieces,"
            " max(ST_NPoints(p.piece)) AS most"
            " FROM town AS t JOIN town_piece AS p ON p.town = t.ags GROUP BY t.ags"
        )
    ).all()
    assert len(rows) == 23
    for row in rows:
        assert row.pieces == pytest.approx(row.whole, rel=1e-6)
        assert row.most <= 33


def test_the_shipped_folders_are_named_by_their_slugs_and_do_not_overlap(town_session: Session) -> None:
    folders = sorted((data_folder() / "towns").iterdir())
    assert [read_town_folder(folder).town.slug for folder in folders] == [folder.name for folder in folders]
    shared = town_session.execute(
        text(
            "SELECT max(ST_Area(ST_Intersection(a.boundary, b.boundary))) FROM town AS a"
            " JOIN town AS b ON a.ags < b.ags AND ST_Intersects(a.boundary, b.boundary)"
        )
    ).scalar_one()
    assert shared < 100
