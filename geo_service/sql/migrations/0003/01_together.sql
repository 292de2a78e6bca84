-- Free widths and ways through the network depend on everything that stands there: which occupations a finding counts
-- in beside mine and other, so that it is looked at again when one of them changes or goes.
ALTER TABLE finding ADD together bigint[];
CREATE INDEX finding_together ON finding USING gin (together) WHERE together IS NOT NULL;
