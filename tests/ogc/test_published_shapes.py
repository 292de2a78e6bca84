"""What is stored valid is published valid, however narrow it is."""

from __future__ import annotations

import json
import random

import shapely
from shapely.geometry import Polygon, shape
from sqlalchemy import text
from sqlalchemy.orm import Session

_WRITTEN = text(
    "SELECT published_shape(ST_Transform(CAST(:area AS geometry), CAST(:srid AS int)), :decimals)"
)


def _bow(rng: random.Random) -> Polygon:
    """Two triangles that hang together by less than a centimetre, somewhere in the country."""
    x, y = rng.uniform(300_000, 800_000), rng.uniform(5_300_000, 6_000_000)
    waist = rng.uniform(0.0005, 0.012)
    turn = rng.uniform(0, 3.14)
    corners = [(-9, -3), (0, -waist / 2), (9, -3), (9, 3), (0, waist / 2), (-9, 3)]
    turned = shapely.affinity.rotate(Polygon(corners), turn, origin=(0, 0), use_radians=True)
    return shapely.affinity.translate(turned, x, y)


def test_narrow_places_stay_open(empty_session: Session) -> None:
    rng = random.Random(20261128)
    invalid_by_rounding = 0
    for _ in range(200):
        bow = _bow(rng)
        assert bow.is_valid
        for srid, decimals in ((4326, 7), (25832, 3)):
            values = {"area": shapely.to_wkt(bow, rounding_precision=6), "srid": srid, "decimals": decimals}
            values["area"] = f"SRID=25832;{values['area']}"
            rounded = empty_session.execute(
                text(
                    "SELECT ST_AsGeoJSON(ST_Transform(CAST(:area AS geometry), CAST(:srid AS int)), :decimals, 0)"
                ),
                values,
            ).scalar_one()
            invalid_by_rounding += not shape(_read(rounded)).is_valid
            published = shape(_read(empty_session.execute(_WRITTEN, values).scalar_one()))
            assert published.is_valid
            assert published.geom_type in ("Polygon", "MultiPolygon")
            if srid == 25832:
                assert abs(published.area - bow.area) < 0.05
    assert invalid_by_rounding > 10, "the scenes must be such that rounding alone breaks some"


def _read(written: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(written)
    return found


def test_plain_shapes_are_written_as_before(empty_session: Session) -> None:
    for wkt, written in (
        ("POINT(8.6 49.7)", '{"type":"Point","coordinates":[8.6,49.7]}'),
        ("LINESTRING(8 49,9 50)", '{"type":"LineString","coordinates":[[8,49],[9,50]]}'),
    ):
        got = empty_session.execute(
            text("SELECT published_shape(CAST(:shape AS geometry), 7)"), {"shape": f"SRID=4326;{wkt}"}
        )
        assert got.scalar_one() == written
    nothing = empty_session.execute(text("SELECT feature_fragment('a', NULL, 4326, '{}')")).scalar_one()
    assert nothing == '{"type":"Feature","id":"a","geometry":null,"properties":{}}'


def test_a_collection_inside_a_collection_is_lifted(empty_session: Session) -> None:
    square = "POLYGON((470000 5505000,470010 5505000,470010 5505010,470000 5505000))"
    line = "LINESTRING(470000 5505000,470001 5505003)"
    for wkt, kinds in (
        (f"GEOMETRYCOLLECTION(GEOMETRYCOLLECTION({square},{line}),POINT(470000 5505000))", 3),
        (f"GEOMETRYCOLLECTION(GEOMETRYCOLLECTION({line}))", 1),
        (f"GEOMETRYCOLLECTION({square},{line})", 2),
    ):
        for srid in (4326, 25832):
            asked = {"shape": f"SRID=25832;{wkt}", "srid": srid}
            told = empty_session.execute(
                text("SELECT feature_fragment('a', CAST(:shape AS geometry), :srid, '{}')"), asked
            ).scalar_one()
            published = shape(json.loads(told)["geometry"])
            assert len(getattr(published, "geoms", [published])) == kinds
            assert all(part.geom_type != "GeometryCollection" for part in getattr(published, "geoms", ()))
