-- What the rules between detours, closures and digs stand on.

-- Whom a detour is for decides which streets it can use and what stands in its way. The part of a drawn detour that
-- lies on no known street is kept as a line: only what stands near that part cannot be judged.
ALTER TABLE occupation
    ADD detour_modes text[] NOT NULL DEFAULT '{car}',
    ADD detour_unmatched geometry(Geometry, 25832),
    ADD CONSTRAINT occupation_detour_modes_known CHECK (detour_modes <@ ARRAY['car', 'bicycle', 'foot', 'bus']);

-- A closed segment need not lie near the drawn area, so the spatial index cannot find whoever declared it closed, and
-- two detours over the same segments may be drawn on different sides of it.
CREATE INDEX occupation_closed_segments_gin ON occupation USING gin (closed_segments) WHERE counts AND closed_segments <> '{}';
CREATE INDEX occupation_detour_segments_gin ON occupation USING gin (detour_segments) WHERE counts AND detour_segments IS NOT NULL;

-- Digs are looked for further away and a month earlier and later than everything else; few occupations dig.
CREATE INDEX occupation_dig_gist ON occupation USING gist (area, period) WHERE counts AND excavation;
