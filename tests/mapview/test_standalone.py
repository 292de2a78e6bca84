"""A map on disk: everything inside, nothing reached for, hostile names only as text."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from sqlalchemy.orm import Session

from geo_service.commands.map import standalone_map
from geo_service.db.database import Database
from geo_service.errors import NotFound, SetupError
from geo_service.mapview.map_setting import MapSetting
from geo_service.mapview.town_map import TownMap, render_map
from geo_service.mapview.view import get_view, read_view, view_names
from tests.browser.conftest import HOSTILE


def test_every_view_is_readable_and_asks_only_this_service() -> None:
    assert view_names() == ["apply", "conflicts", "desk", "desk_map", "public"]
    for name in view_names():
        assert all(layer.address.startswith("/") for layer in get_view(name).layers)
    with pytest.raises(NotFound):
        get_view("nirgendwo")


def test_a_view_with_a_foreign_address_is_refused_with_file_and_place(tmp_path: Path) -> None:
    faulty = tmp_path / "faulty.yaml"
    faulty.write_text(
        "title: {de: a, en: b}\nmin_zoom: 1\nmax_zoom: 2\nlayers:\n"
        "  - {name: x, kind: features, title: {de: a, en: b}, address: //elsewhere.example/items}\n"
    )
    with pytest.raises(SetupError, match=r"faulty\.yaml: layers\.0\.address"):
        read_view(faulty)


def test_two_maps_share_no_list_and_every_element_has_the_nonce() -> None:
    setting = MapSetting(language="de", bounds=(8.5, 49.6, 8.7, 49.7), notice=HOSTILE)
    drawing = MapSetting(language="de", bounds=(8.5, 49.6, 8.7, 49.7), drawing=True)
    plain, other = (
        render_map(get_view("public"), setting, nonce="abc"),
        render_map(get_view("apply"), drawing, nonce="x"),
    )
    assert "geoman" in other.head
    assert "geoman" not in plain.head
    assert TownMap.default_js == []
    markup = plain.head + plain.body + plain.script
    assert markup.count("<script") == markup.count('<script nonce="abc"')
    assert markup.count("<link") == markup.count('<link nonce="abc"')
    assert "http://" not in markup.replace("http://www.w3.org", "")
    assert "https://" not in markup
    assert "<img" not in markup


def test_what_is_embedded_is_published_data_only(town_database: Database) -> None:
    with psycopg.connect(town_database.owner_conninfo()) as connection:
        connection.execute("SELECT set_config('app.actor', 'operator', true)")
        connection.execute(
            "INSERT INTO construction_site (site_id, town, title, area, period, state, is_public, source, source_id)"
            " SELECT gen_random_uuid(), ags, title, ST_Buffer(ST_PointOnSurface(boundary), 5), tstzrange(now(), now() + interval '9 days'),"
            " 'planned', title = 'offen', 'test', title FROM town, unnest(ARRAY['offen', 'geheim']) AS title WHERE ags = '06431020'"
        )
    engine = town_database.app_engine(1)
    with Session(engine) as session:
        html = standalone_map(session, "public", "viernheim", "de")
    engine.dispose()
    assert '"title":"offen"' in html
    assert "geheim" not in html
