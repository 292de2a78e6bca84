"""Rows of every collection, written as the application's role like anything else that is published."""

from __future__ import annotations

import psycopg

from geo_service.db.database import Database

# Names as people type them: quotes, markup, umlauts, emoji, a placeholder of a template language.
ODD_NAMES = (
    'Straße "Am Großen Ärger"',
    "<script>alert(1)</script>",
    "${7*7} {{7*7}} 🚧",
    "O'Neill \\ Müller & Söhne\n%s",
)

TOWN = """
INSERT INTO town (ags, slug, name, kind, boundary, boundary_accuracy_m, attribution, reference_prefix)
VALUES ('06431002', 'bensheim', 'Bensheim', 'Stadt',
        ST_Multi(ST_MakeEnvelope(470000, 5495000, 485000, 5510000, 25832)), 100, '© GeoBasis-DE / BKG 2017', 'BEN')
ON CONFLICT DO NOTHING"""

# One road of a shape (WKB, EPSG:25832), named or not.
ROAD = """
INSERT INTO road_segment (segment_id, town, street_name, road_class, axis, modes, in_service, width_source, source, source_id)
VALUES (%(id)s, '06431002', %(name)s, 'gemeindestrasse', ST_SetSRID(ST_GeomFromWKB(%(axis)s), 25832), '{car}', true, 'assumed', 'test', %(id)s)"""

ROADS = """
INSERT INTO road_segment (segment_id, town, street_name, road_class, axis, modes, in_service, width_source, source, source_id)
SELECT 'test:' || i, '06431002', (%(names)s::text[])[1 + i %% cardinality(%(names)s::text[])], 'gemeindestrasse',
       ST_SetSRID(ST_MakeLine(ST_MakePoint(471000 + 10 * (i %% 1000), 5496000 + 20 * (i / 1000)),
                              ST_MakePoint(471008 + 10 * (i %% 1000), 5496003 + 20 * (i / 1000))), 25832),
       '{car}', true, 'assumed', 'test', i::text
FROM generate_series(1, %(n)s) AS i"""

SITES = """
INSERT INTO construction_site (site_id, town, title, area, period, end_known, state, source, source_id)
SELECT md5('site' || i)::uuid, '06431002', (%(names)s::text[])[1 + i %% cardinality(%(names)s::text[])],
       CASE WHEN i %% 10 <> 3 THEN ST_SetSRID(ST_Expand(ST_MakePoint(472000 + 10 * (i %% 100), 5497000 + 10 * (i / 100)), 3), 25832) END,
       CASE WHEN i %% 10 = 5 THEN NULL WHEN i %% 10 = 6 THEN '[2026-05-31 22:00Z,)'::tstzrange
            ELSE tstzrange('2026-05-31 22:00Z', '2026-06-14 22:00Z') END,
       i %% 10 <> 6, CASE i %% 10 WHEN 9 THEN 'cancelled' ELSE 'confirmed' END, 'test', i::text
FROM generate_series(1, %(n)s) AS i"""

EVENTS = """
INSERT INTO event (event_id, town, title, area, period, state, source, source_id)
SELECT md5('event' || i)::uuid, '06431002', (%(names)s::text[])[1 + i %% cardinality(%(names)s::text[])],
       CASE WHEN i %% 10 <> 3 THEN ST_SetSRID(ST_Buffer(ST_MakePoint(473000 + 20 * i, 5498000), 8), 25832) END,
       CASE WHEN i %% 10 <> 5 THEN tstzrange('2026-12-01 08:00Z', '2026-12-24 20:00Z') END,
       CASE i %% 10 WHEN 9 THEN 'planned' ELSE 'granted' END, 'test', i::text
FROM generate_series(1, %(n)s) AS i"""

DETOURS = """
INSERT INTO detour (detour_id, town, title, way, period, state, source, source_id)
SELECT md5('detour' || i)::uuid, '06431002', (%(names)s::text[])[1 + i %% cardinality(%(names)s::text[])],
       ST_SetSRID(ST_Multi(ST_MakeLine(ST_MakePoint(474000 + i, 5499000), ST_MakePoint(474500 + i, 5499400))), 25832),
       tstzrange('2026-06-01 00:00Z', '2026-07-01 00:00Z'), CASE i %% 10 WHEN 9 THEN 'planned' ELSE 'active' END, 'test', i::text
FROM generate_series(1, %(n)s) AS i"""

PERMITS = """
INSERT INTO published_permit (permit_id, town, reference, use_type, status, area, area_m2, period, restriction, updated_at)
SELECT md5('permit' || i)::uuid, '06431002', 'BEN-2026-' || lpad(i::text, 6, '0'), 'geruest', 'granted',
       ST_SetSRID(ST_Expand(ST_MakePoint(475000 + 10 * i, 5500000), 2), 25832), 16,
       tstzrange('2026-05-31 22:00Z', '2026-06-14 22:00Z'), 'none', now()
FROM generate_series(1, %(n)s) AS i"""


def insert_rows(database: Database, **numbers: int) -> None:
    """So many rows of roads, sites, events, detours, permits; every tenth site and event has no place or no time."""
    subjects = {"roads": ROADS, "sites": SITES, "events": EVENTS, "detours": DETOURS, "permits": PERMITS}
    with psycopg.connect(database.owner_conninfo()) as owner:
        owner.execute(TOWN)
    with psycopg.connect(database.app_conninfo()) as connection:
        connection.execute("SELECT set_config('app.actor', 'operator', true)")
        connection.execute("SET LOCAL statement_timeout = 0")  # a busy machine is no fault of the rows
        for subject, number in numbers.items():
            if subject != "permits":
                connection.execute(subjects[subject], {"n": number, "names": list(ODD_NAMES)})
    with psycopg.connect(
        database.owner_conninfo()
    ) as owner:  # the application writes published permits by granting only
        owner.execute("SELECT set_config('app.actor', 'operator', true)")
        owner.execute(PERMITS, {"n": numbers.get("permits", 0)})
    with psycopg.connect(database.owner_conninfo(), autocommit=True) as owner:
        owner.execute("ANALYZE")


def insert_shapes(database: Database, roads: list[dict[str, object]]) -> None:
    """The town and roads of given shapes: id, name, axis of each."""
    with psycopg.connect(database.owner_conninfo()) as owner:
        owner.execute(TOWN)
        owner.execute("SELECT set_config('app.actor', 'operator', true)")
        owner.cursor().executemany(ROAD, roads)
