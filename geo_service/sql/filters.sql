-- What a filter, an order and a search are put together from (geo_service/ogc/filter_sql.py, sorting.py): pieces with
-- {slots} for other pieces, for identifiers of the list of properties, or for bound parameters. Nothing a client sent
-- stands in the text of a statement.

-- plain
-- A column as it is published.
{column}

-- number
-- A whole or measured number as one kind of number.
{column}::double precision

-- rounded
-- A number that is published with two decimals.
round({column}::numeric, 2)::double precision

-- as_text
-- A key of another type as the text that is published.
{column}::text

-- to_the_second
-- An instant, published without fractions of a second.
date_trunc('second', {column})

-- period_start
-- Start of a period; NULL when it is open or there is none.
date_trunc('second', lower({column}))

-- period_end
-- End of a period; NULL when it is open or there is none.
date_trunc('second', upper({column}))

-- first_day
-- First day of a period, Europe/Berlin.
first_day({column})

-- last_day
-- Last day of a period, Europe/Berlin.
last_day({column})

-- and
-- Both hold.
({a} AND {b})

-- or
-- One of both holds.
({a} OR {b})

-- not
-- It does not hold.
(NOT {a})

-- is_null
-- There is no value.
({a} IS NULL)

-- equals
-- The same value.
({a} = {b})

-- differs
-- Another value.
({a} <> {b})

-- less
-- Smaller, earlier, before in the order of characters.
({a} < {b})

-- greater
-- Larger, later, behind in the order of characters.
({a} > {b})

-- at_most
-- Not larger.
({a} <= {b})

-- at_least
-- Not smaller.
({a} >= {b})

-- like
-- Text of a form: % any characters, _ one character, \ takes their meaning away.
({a} LIKE {b})

-- folded
-- Text without the difference of capital and small letters: ß and SS are the same, Ä and ä too.
lower(upper({a} COLLATE "und-x-icu") COLLATE "und-x-icu") COLLATE "default"

-- sum
-- Addition.
({a} + {b})

-- difference
-- Subtraction.
({a} - {b})

-- product
-- Multiplication.
({a} * {b})

-- quotient
-- Division.
({a} / {b})

-- remainder
-- What division leaves; numeric, because double precision has no such operator.
mod({a}::numeric, {b}::numeric)::double precision

-- whole_quotient
-- Division without the rest.
div({a}::numeric, {b}::numeric)::double precision

-- raised
-- Power.
power({a}, {b})

-- s_intersects
-- The geometries share a point.
ST_Intersects({a}, {b})

-- s_disjoint
-- They share none.
(NOT ST_Intersects({a}, {b}))

-- s_equals
-- The same set of points; published coordinates are rounded, so two centimetres apart is the same.
({a} && ST_Expand({b}, 0.02) AND ST_Dimension({a}) = ST_Dimension({b}) AND ST_HausdorffDistance({a}, {b}) <= 0.02)

-- s_touches
-- They share points of their edges only.
ST_Touches({a}, {b})

-- s_within
-- The first lies in the second.
ST_Within({a}, {b})

-- s_contains
-- The second lies in the first.
ST_Contains({a}, {b})

-- s_overlaps
-- They share a part, and each has one of its own.
ST_Overlaps({a}, {b})

-- s_crosses
-- They share inner points of a lower dimension.
ST_Crosses({a}, {b})

-- a_equals
-- The same elements.
({a} @> {b} AND {a} <@ {b})

-- a_contains
-- All elements of the second are in the first.
({a} @> {b})

-- a_containedby
-- All elements of the first are in the second.
({a} <@ {b})

-- a_overlaps
-- They share an element.
({a} && {b})

-- midnight
-- Start of a day in Europe/Berlin.
({a}::timestamp AT TIME ZONE 'Europe/Berlin')

-- end_of_day
-- Last instant of a day in Europe/Berlin.
(({a} + 1)::timestamp AT TIME ZONE 'Europe/Berlin' - interval '1 microsecond')

-- or_ever_before
-- An open start.
coalesce({a}, '-infinity'::timestamptz)

-- or_ever_after
-- An open end.
coalesce({a}, 'infinity'::timestamptz)

-- t_after
-- The first lies behind the second. a_end, b_end: last instants.
({a_start} > {b_end})

-- t_before
-- The first lies before the second.
({a_end} < {b_start})

-- t_disjoint
-- They share no instant.
({a_start} > {b_end} OR {a_end} < {b_start})

-- t_intersects
-- They share an instant.
({a_start} <= {b_end} AND {a_end} >= {b_start})

-- t_equals
-- The same start and end.
({a_start} = {b_start} AND {a_end} = {b_end})

-- t_contains
-- The second lies inside the first.
({a_start} < {b_start} AND {a_end} > {b_end})

-- t_during
-- The first lies inside the second.
({a_start} > {b_start} AND {a_end} < {b_end})

-- t_finishedby
-- The second ends the first.
({a_start} < {b_start} AND {a_end} = {b_end})

-- t_finishes
-- The first ends the second.
({a_start} > {b_start} AND {a_end} = {b_end})

-- t_meets
-- The second starts where the first ends.
({a_end} = {b_start})

-- t_metby
-- The first starts where the second ends.
({a_start} = {b_end})

-- t_overlaps
-- The first starts before the second and ends in it.
({a_start} < {b_start} AND {a_end} > {b_start} AND {a_end} < {b_end})

-- t_overlappedby
-- The second starts before the first and ends in it.
({a_start} > {b_start} AND {a_start} < {b_end} AND {a_end} > {b_end})

-- t_starts
-- The first starts the second.
({a_start} = {b_start} AND {a_end} < {b_end})

-- t_startedby
-- The second starts the first.
({a_start} = {b_start} AND {a_end} > {b_end})

-- one_of
-- One of the values of an array.
({a} = ANY ({b}))

-- searched
-- A term somewhere in the text. a, b: folded.
(strpos({a}, {b}) > 0)

-- searched_text
-- Two texts of a feature as one.
coalesce({a}, '') || E'\n' || coalesce({b}, '')

-- text_value
-- A bound text.
{value}::text

-- number_value
-- A bound number.
{value}::double precision

-- boolean_value
-- A bound truth.
{value}::boolean

-- instant_value
-- A bound instant.
{value}::timestamptz

-- date_value
-- A bound day.
{value}::date

-- list_value
-- A bound list of texts.
{value}::text[]

-- numbers_value
-- A bound list of numbers.
{value}::double precision[]

-- geometry_value
-- A bound geometry, WKB in EPSG:25832.
ST_GeomFromWKB({value}, 25832)

-- sorted_text
-- Text in the order of a German dictionary.
{a} COLLATE "de-x-icu"

-- upwards
-- An order from small to large, what has no value last.
{a} ASC NULLS LAST

-- downwards
-- An order from large to small, what has no value last.
{a} DESC NULLS LAST

-- behind_upwards
-- Behind a value in that order.
({a} > {b} OR {a} IS NULL)

-- behind_downwards
-- Behind a value in that order.
({a} < {b} OR {a} IS NULL)

-- same
-- The same value, or none like the other.
({a} IS NOT DISTINCT FROM {b})

-- behind_row
-- Among equals, what was written later. In: after (gid).
(gid > :after)

-- nothing
-- Holds for no row.
false
