"""A hundred thousand cases of one town, as ten years leave them: most are over, two in a hundred wait."""

from __future__ import annotations

import psycopg

from geo_service.db.database import Database

TOWN = "06431002"

# Names, streets and states by the number of the case, so that a run can be repeated. Of a hundred cases two are
# undecided, three in force or to be accepted; the others are over.
CASES = """
WITH dice AS (
    SELECT i, md5('case' || i)::uuid AS id, (i * 7919) %% 100 AS lot,
        (ARRAY['Müller','Schmidt','Schneider','Fischer','Weber','Meyer','Wagner','Becker','Schulz','Hoffmann','Schäfer','Koch',
               'Bauer','Richter','Klein','Wolf','Schröder','Neumann','Schwarz','Zimmermann'])[1 + (i * 31) %% 20] AS family,
        (ARRAY['Hauptstraße','Bahnhofstraße','Gartenstraße','Schulstraße','Dorfstraße','Bergstraße','Kirchstraße','Wiesenstraße',
               'Lindenstraße','Ringstraße','Am Wall','Neckarstraße','Mühlweg','Rodensteinstraße','Nibelungenstraße'])[1 + (i * 17) %% 15] AS street,
        now() - interval '10 years' + interval '10 years' * (i / %(number)s::float8) AS filed
    FROM generate_series(1, %(number)s) AS i),
told AS (
    SELECT dice.*,
        CASE WHEN lot = 0 THEN 'submitted' WHEN lot = 1 THEN (ARRAY['in_review','more_information_needed','in_consultation'])[1 + (i / 100) %% 3]
             WHEN lot = 2 THEN 'granted' WHEN lot = 3 THEN 'active' WHEN lot = 4 THEN 'ended'
             WHEN lot < 10 THEN 'rejected' WHEN lot < 14 THEN 'withdrawn' ELSE 'accepted' END AS state,
        CASE WHEN lot < 3 THEN now() + interval '1 day' * (10 + i %% 90) WHEN lot = 3 THEN now() - interval '5 days'
             ELSE least(filed + interval '20 days', now() - interval '30 days') END AS start
    FROM dice)
INSERT INTO permit (permit_id, town, reference, status, case_group, use_type, purpose, address_text, area, area_m2, period,
    filed_at, due_at, urgent_reason, findings_at_grant, fee)
SELECT id, %(town)s, 'BEN-' || extract(year FROM filed)::integer || '-' || lpad((500000 + i)::text, 6, '0'), state, id,
    (ARRAY['geruest','container','aussengastronomie','infostand'])[1 + i %% 4],
    (ARRAY['Fassade streichen','Umzug','Dach decken','Gäste bewirten'])[1 + i %% 4], street || ' ' || (1 + (i / 15) %% 180),
    ST_SetSRID(ST_MakeEnvelope(470000 + (i %% 400) * 30, 5500000 + (i / 400) * 30, 470004 + (i %% 400) * 30, 5500003 + (i / 400) * 30), 25832),
    12, tstzrange(start, start + interval '14 days'), filed,
    CASE WHEN state IN ('more_information_needed','in_consultation') THEN now() + interval '1 day' * ((i / 100) %% 15 - 3) END,
    CASE WHEN lot = 0 AND (i / 100) %% 7 = 0 THEN 'Es regnet hinein' END,
    CASE WHEN lot IN (2, 3) THEN '[]'::jsonb END, '{"total_eur": "48.00", "lines": [], "official": false}'
FROM told"""
APPLICANTS = """
INSERT INTO applicant (applicant_id, permit_id, town, name, email, address)
SELECT gen_random_uuid(), permit_id, town,
    (ARRAY['Anna','Bernd','Clara','Dieter','Eva','Frank','Gerda','Hans','Inge','Jürgen','Karin','Lars'])[1 + n %% 12] || ' '
    || (ARRAY['Müller','Schmidt','Schneider','Fischer','Weber','Meyer','Wagner','Becker','Schulz','Hoffmann','Schäfer','Koch','Bauer',
              'Richter','Klein','Wolf','Schröder','Neumann','Schwarz','Zimmermann'])[1 + (n * 31) %% 20]
    || CASE WHEN (n / 7) %% 100 = 7 THEN ' Gerüstbau GmbH' ELSE '' END,
    'a' || n || '@example.org', address_text
FROM (SELECT permit_id, town, address_text, right(reference, 6)::integer - 500000 AS n FROM permit WHERE town = %(town)s) AS filed"""
OCCUPATIONS = """
INSERT INTO occupation (town, collection, source_id, case_group, reference, label, state, counts, binding, published, use_type, area,
    period, exclusive, takes, area_m2, filed_at)
SELECT town, 'permits', permit_id, permit_id, reference, 'Gerüst', status, status IN ('submitted','in_review','more_information_needed',
    'in_consultation','granted','active'), status IN ('granted','active'), status IN ('granted','active'), use_type, area, period, true, '{}', 12, filed_at
FROM permit WHERE town = %(town)s"""


def fill_cases(database: Database, number: int, town: str = TOWN) -> None:
    """So many cases with applicants and occupations, as the application's role writes them, in a town without any."""
    for statement in (CASES, APPLICANTS, OCCUPATIONS):
        with psycopg.connect(database.app_conninfo()) as app:
            app.execute(
                "SELECT set_config('app.town', %s, true), set_config('app.actor', 'clerk', true)", [town]
            )
            app.execute("SET LOCAL statement_timeout = 0")
            app.execute(statement, {"number": number, "town": town})
        # Between them, not only at the end: without it the next one plans for empty tables and takes minutes.
        with psycopg.connect(database.owner_conninfo(), autocommit=True) as owner:
            owner.execute("VACUUM ANALYZE")
