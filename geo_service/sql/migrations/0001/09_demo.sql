-- What `geo-service demo` has filled, from which data: a second run changes nothing and is quick.
CREATE TABLE demo_fill (
    part text CONSTRAINT demo_fill_pkey PRIMARY KEY,
    fingerprint text NOT NULL,
    demo_day date NOT NULL                    -- the day the demo's periods are counted from: that of the first run
);
GRANT SELECT, INSERT, UPDATE ON demo_fill TO geo_service_app;
