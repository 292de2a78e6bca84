"""114 filters after the examples of the CQL2 standard (OGC 21-065r2), written out for the tests, not its files.

Names are those of the standard's clauses and example numbers. Each line: name, filter, and what is declared for it:
runs (on a table with the properties of the examples), or refused (it needs a class this service does not declare:
functions, accent-insensitive comparison).
"""

from __future__ import annotations

_AREA = "POLYGON((43.5845 -79.5442,43.6079 -79.4893,43.5677 -79.4632,43.6129 -79.3925,43.6223 -79.3238,43.6576 -79.3163,43.7945 -79.1178,43.8144 -79.1542,43.8555 -79.1714,43.7509 -79.6390,43.5845 -79.5442))"
_RELATIONS = (
    "intersects", "equals", "disjoint", "touches", "within", "overlaps", "crosses", "contains",
)  # fmt: skip
_TIMES = (
    "after", "before", "contains", "disjoint", "during", "equals", "finishedBy", "finishes", "intersects", "meets",
    "metBy", "overlappedBy", "overlaps", "startedBy", "starts",
)  # fmt: skip
_EXAMPLES = [
    # clause 6: basic
    ("clause6_01", "avg(windSpeed) < 4", "refused"),
    ("clause6_02a", "city='Toronto'", "runs"),
    ("clause6_02b", "balance-150.0 > 0", "runs"),
    ("clause6_02c", "updated>=DATE('1999-11-05')", "runs"),
    ("clause6_02d", "NOT built='2015-01-01'", "runs"),
    ("clause6_03", "geophys:SURVEY_NAME IS NOT NULL", "runs"),
    # clause 7: enhanced
    ("clause7_01", "name LIKE 'Smith%'", "runs"),
    ("clause7_02", "depth BETWEEN 100.0 and 150.0", "runs"),
    ("clause7_03a", "cityName IN ('Toronto','Frankfurt','Tokyo','New York')", "runs"),
    ("clause7_03b", "category NOT IN (1,2,3,4)", "runs"),
    ("clause7_04", "CASEI(road_class) IN (CASEI('Οδος'),CASEI('Straße'))", "runs"),
    ("clause7_05", "ACCENTI(etat_vol) = ACCENTI('débárquér')", "refused"),
    ("clause7_07", f"S_INTERSECTS(geom,{_AREA})", "runs"),
    ("clause7_10", "S_CROSSES(road,LINESTRING(43.72992 -79.2998,43.73005 -79.2991,43.73006 -79.2984))", "runs"),
    ("clause7_12", "T_INTERSECTS(event_time,INTERVAL('1969-07-16T05:32:00Z','1969-07-24T16:50:35Z'))", "runs"),
    ("clause7_13", "T_DURING(INTERVAL(touchdown,liftOff),INTERVAL('1969-07-16T13:32:00Z','1969-07-24T16:50:35Z'))", "runs"),
    ("clause7_15", "A_CONTAINS(layer:ids,('layers-ca','layers-us'))", "runs"),
    ("clause7_16", "A_OVERLAPS(layer:ids,('layers-ca','layers-us'))", "runs"),
    ("clause7_17", "balance > credit", "runs"),
    ("clause7_18", "min(population) > 1000", "refused"),
    ("clause7_19", "vehicle_height > (bridge_clearance-1)", "runs"),
    # comparisons and logic
    ("example01", "landsat:scene_id = 'LC82030282019133LGN00'", "runs"),
    ("example02", "eo:instrument LIKE 'OLI%'", "runs"),
    ("example03", f"S_INTERSECTS(footprint,{_AREA})", "runs"),
    ("example04", "eo:cloud_cover BETWEEN 0.1 AND 0.2 AND landsat:wrs_row=28 AND landsat:wrs_path=203", "runs"),
    ("example05a", "eo:cloud_cover=0.1 OR eo:cloud_cover=0.2", "runs"),
    ("example05b", "eo:cloud_cover IN (0.1,0.2)", "runs"),
    ("example06a", f"eo:cloud_cover BETWEEN 0.1 AND 0.2 AND S_INTERSECTS(footprint,{_AREA})", "runs"),
    ("example06b", f"eo:instrument LIKE 'OLI%' AND S_INTERSECTS(footprint,{_AREA})", "runs"),
    ("example07", "beamMode='ScanSAR Narrow' AND swathDirection='ascending' AND polarization='HH+VV+HV+VH'", "runs"),
    ("example08", "floors>5", "runs"),
    ("example09", "taxes<=500", "runs"),
    ("example10", "owner LIKE '%Jones%'", "runs"),
    ("example11", "owner LIKE 'Mike%'", "runs"),
    ("example12", "owner NOT LIKE '%Mike%'", "runs"),
    ("example13", "swimming_pool=true", "runs"),
    ("example14", "floors>5 AND swimming_pool=TRUE", "runs"),
    ("example15", "swimming_pool=true AND (floors>5 OR material LIKE 'brick%' OR material LIKE '%brick')", "runs"),
    ("example16", "(floors>5 AND material='brick') OR swimming_pool=true", "runs"),
    ("example17", "NOT (floors<5) OR swimming_pool=true", "runs"),
    ("example18", "(owner LIKE 'mike%' OR owner LIKE 'Mike%') AND floors<4", "runs"),
    ("example19", "T_BEFORE(built,DATE('2015-01-01'))", "runs"),
    ("example20", "T_AFTER(built,DATE('2012-06-05'))", "runs"),
    ("example21", "T_DURING(INTERVAL(starts_at,ends_at),INTERVAL('2017-06-10T07:30:00Z','2017-06-11T10:30:00Z'))", "runs"),
    ("example22", "S_WITHIN(location,BBOX(-118,33.8,-117.9,34))", "runs"),
    ("example23", f"S_INTERSECTS(geom,{_AREA})", "runs"),
    ("example24", "floors>5 AND S_WITHIN(geom,BBOX(-118,33.8,-117.9,34))", "runs"),
    ("example25", "CASEI(geophys:SURVEY_NAME) LIKE CASEI('%calcutta%')", "runs"),
    ("example26", "\"id\" = 'fa7e1920-9107-422d-a3db-c468c5d53f79'", "runs"),
    ("example27", "id <> 'fa7e1920-9107-422d-a3db-c468c5d53f79'", "runs"),
    ("example28", "value = field", "runs"),
    ("example29", "value < 10", "runs"),
    ("example30", "value > 10", "runs"),
    ("example31", "value <= 10", "runs"),
    ("example32", "value >= 10", "runs"),
    ("example33", "name LIKE 'foo%'", "runs"),
    ("example34", "name NOT LIKE 'foo%'", "runs"),
    ("example35", "value BETWEEN 10 AND 20", "runs"),
    ("example36", "value NOT BETWEEN 10 AND 20", "runs"),
    ("example37", "value IN (1.0,2.0,3.0)", "runs"),
    ("example38", "value NOT IN (1.0,2.0,3.0)", "runs"),
    ("example38-alt", "NOT value IN (1.0,2.0,3.0)", "runs"),
    ("example39", "value IS NULL", "runs"),
    ("example40", "value IS NOT NULL", "runs"),
    ("example40-alt", "NOT value IS NULL", "runs"),
    ("example41", "(name NOT LIKE 'foo%' AND value>10) OR (value IS NULL OR geom IS NULL)", "runs"),
    # places: the eight relations, and every kind of geometry
    *(
        (f"example-s_{relation}", f"S_{relation.upper()}(geom,POINT(1.00 50.00))", "runs")
        for relation in _RELATIONS
    ),
    ("example46", "S_INTERSECTS(geom,LINESTRING(7.00 50.00,7.50 50.20))", "runs"),
    ("example47", "S_INTERSECTS(geom,POLYGON((7 50,8 50,8 51,7 51,7 50),(7.2 50.2,7.2 50.4,7.4 50.4,7.4 50.2,7.2 50.2)))", "runs"),
    ("example48", "S_INTERSECTS(geom,MULTIPOINT(7.02 49.92,7.10 49.90))", "runs"),
    ("example48-alt", "S_INTERSECTS(geom,MULTIPOINT((7.02 49.92),(7.10 49.90)))", "runs"),
    ("example49", "S_INTERSECTS(geom,MULTILINESTRING((7 50,8 50),(7 51,8 51)))", "runs"),
    ("example50", "S_INTERSECTS(geom,MULTIPOLYGON(((7 50,8 50,8 51,7 50)),((9 50,10 50,10 51,9 50))))", "runs"),
    ("example51", "S_INTERSECTS(geom,GEOMETRYCOLLECTION(POINT(7.02 49.92),LINESTRING(7 50,7.5 50.2)))", "runs"),
    ("example52", "S_INTERSECTS(geom,POINT Z(7.02 49.92 100))", "runs"),
    ("example53", "S_INTERSECTS(geom,BBOX(-128.098193,-1.1,180.0,90.0))", "runs"),
    # times: the fifteen relations
    *(
        (f"example-t_{relation}", f"T_{relation.upper()}(INTERVAL(starts_at,ends_at),INTERVAL('1991-10-07','2010-02-10T05:29:20.073225Z'))", "runs")
        for relation in _TIMES
    ),
    ("example55", "T_INTERSECTS(updated_at,TIMESTAMP('2012-08-10T05:30:00Z'))", "runs"),
    ("example56", "T_INTERSECTS(INTERVAL(starts_at,ends_at),INTERVAL('..','2022-07-01'))", "runs"),
    ("example57", "updated_at > TIMESTAMP('2010-02-10T05:29:20.073225Z')", "runs"),
    # arrays
    ("example63", "A_CONTAINS(values,('a','b','c'))", "runs"),
    ("example64", "A_CONTAINEDBY(values,('a','b','c'))", "runs"),
    ("example65", "A_EQUALS(values,('a','b','c'))", "runs"),
    ("example66", "A_OVERLAPS(values,('a','b','c'))", "runs"),
    # arithmetic
    ("example67", "value = foo + 2", "runs"),
    ("example68", "value = foo - 2", "runs"),
    ("example69", "value = foo * 22.1", "runs"),
    ("example70", "value = foo / 2.0", "runs"),
    ("example71", "value = 2 ^ foo", "runs"),
    ("example72", "0 = foo % 2", "runs"),
    ("example73", "1 = foo div 2", "runs"),
    # functions
    ("example74", "id = foo('a')", "refused"),
    ("example75", "cast('2010-01-01') = updated_at", "refused"),
]  # fmt: skip
EXAMPLES = {name: (text, declared) for name, text, declared in _EXAMPLES}
