"""Towns are found by AGS and slug, and every place in the Kreis belongs to the right one."""

from __future__ import annotations

import pytest
from shapely.geometry import Point
from sqlalchemy.orm import Session

from geo_service.crs import to_town
from geo_service.towns.town import NoSuchTown, get_town, list_towns, towns_at


def test_the_district_has_22_municipalities_and_one_unincorporated_area(town_session: Session) -> None:
    towns = list_towns(town_session)
    assert len(towns) == 23
    assert [town.name for town in towns if town.kind == "gemeindefreies Gebiet"] == ["Michelbuch"]
    assert {town.name for town in towns if town.accepts_requests} == {
        "Bensheim",
        "Viernheim",
        "Heppenheim (Bergstraße)",
    }
    assert all(town.boundary_accuracy_m == 100 for town in towns)
    assert {town.attribution for town in towns} == {"© GeoBasis-DE / BKG 2017 (Daten verändert)"}


def test_a_town_is_found_by_ags_and_by_slug(town_session: Session) -> None:
    assert get_town(town_session, "06431002") == get_town(town_session, "bensheim")
    with pytest.raises(NoSuchTown):
        get_town(town_session, "06431099")
