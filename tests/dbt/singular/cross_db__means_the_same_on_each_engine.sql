{#-
    What macros/cross_db spells differently means the same: its cases and what each must give, on every engine that builds. Fails with
    those that give something else.
-#}
{%- set new_york = "'America/New_York'" -%}
{%- set record = "'{" ~ '"div_distance":"12.00"' ~ "}'" -%}
{%- set with_offset = "cast('2013-01-15 12:00:00-05:00' as " ~ engine_type('timestamp with time zone') ~ ")" -%}
{%- set cases = [
    ['to_utc in winter', to_utc("timestamp '2013-01-15 12:00:00'", new_york), "timestamp '2013-01-15 17:00:00'"],
    ['to_utc in summer', to_utc("timestamp '2013-07-15 12:00:00'", new_york), "timestamp '2013-07-15 16:00:00'"],
    ['to_utc of a clock that is skipped', to_utc("timestamp '2013-03-10 02:30:00'", new_york), "timestamp '2013-03-10 07:30:00'"],
    ['to_utc of a clock that comes twice', to_utc("timestamp '2013-11-03 01:30:00'", new_york), "timestamp '2013-11-03 06:30:00'"],
    ['from_utc', from_utc("timestamp '2013-07-15 16:00:00'", new_york), "timestamp '2013-07-15 12:00:00'"],
    ['minutes_between', minutes_between("timestamp '2013-01-01 23:50:00'", "timestamp '2013-01-02 00:05:00'"), '15'],
    ['minutes_between the other way', minutes_between("timestamp '2013-01-02 00:05:00'", "timestamp '2013-01-01 23:50:00'"), '-15'],
    ['days_between', days_between("date '2013-02-28'", "date '2013-03-01'"), '1'],
    ['quarter_of_hour', quarter_of_hour("timestamp '2013-01-01 10:59:59'"), "timestamp '2013-01-01 10:45:00'"],
    ['quarter_of_hour of 1987', quarter_of_hour("timestamp '1987-10-01 10:45:00'"), "timestamp '1987-10-01 10:45:00'"],
    ['is_time_zone', is_time_zone(new_york), 'true'],
    ['is_time_zone of none', is_time_zone("'Mars/Olympus'"), 'false'],
    ['iso_dow of a Sunday', iso_dow("date '2013-01-06'"), '7'],
    ['iso_dow of a Monday', iso_dow("date '2013-01-07'"), '1'],
    ['date_spine', '(select count(*) from (' ~ date_spine('2012-02-28', '2012-03-01') ~ ') as spine)', '3'],
    ['each_month', '(select max(first_day) from (select ' ~ each_month("date '2012-12-01'", "date '2013-02-01'") ~ ' as first_day) as months)', "date '2013-02-01'"],
    ['timestamptz_to_utc', timestamptz_to_utc(with_offset), "timestamp '2013-01-15 17:00:00'"],
    ['string_agg_ordered', '(select ' ~ string_agg_ordered('part', '|', 'part') ~ ' from texts)', "'a|b'"],
    ['hash_40_bit: the first ten digits of md5', hash_40_bit("'a'"), '54785325504'],
    ['computed_once', computed_once("'a'"), "'a'"],
    ['json_value', json_value(record, "'div' || '_distance'"), "'12.00'"],
    ['json_value of a key that is not there', "coalesce(" ~ json_value(record, "'div_airport'") ~ ", 'none')", "'none'"],
    ['record_as_json', '(select ' ~ record_as_json('records') ~ ' from records)', "'{" ~ '"file_no":7,"origin":"JFK"' ~ "}'"],
    ['canonical_text of a text', canonical_text("'a'", 'text'), "'=a'"],
    ['canonical_text of a number', canonical_text("cast(1.5 as numeric(7, 4))", 'numeric(7, 4)'), "'1.5000'"],
    ['canonical_text of a fraction', canonical_text("cast(2 as " ~ type_double() ~ ") / 3", 'double precision'), "'0.666667'"],
    ['canonical_text of less than nothing', canonical_text("cast(-0.0000001 as " ~ type_double() ~ ")", 'double precision'), "'0.000000'"],
    ['canonical_text of a flag', canonical_text('1 = 1', 'boolean'), "'true'"],
    ['canonical_text of a day', canonical_text("date '2013-02-28'", 'date'), "'2013-02-28'"],
    ['canonical_text of a moment', canonical_text("timestamp '2013-02-28 05:00:00'", 'timestamp'), "'2013-02-28 05:00:00'"],
    ['canonical_text of a part of a second', canonical_text("timestamp '2013-02-28 05:00:00.25'", 'timestamp'), "'2013-02-28 05:00:00.25'"],
    ['row_checksum', row_checksum([{'name': "'a'", 'data_type': 'text'}, {'name': '7', 'data_type': 'integer'}]), hash_40_bit("'=a|7'")],
    ['row_checksum of nothing', row_checksum([{'name': 'cast(null as integer)', 'data_type': 'integer'}]), hash_40_bit("''")],
] -%}
{%- set casts = {
    'integer': [('12', '12'), ('-12', '-12'), ('12.0', 'none'), ('12a', 'none'), ('', 'none'), ('99999999999', 'none')],
    'numeric(9, 2)': [('1.25', '1.25'), ('-3', '-3.00'), ('1,5', 'none'), ('12345678.00', 'none')],
    'date': [('2013-02-28', '2013-02-28'), ('2013-02-30', 'none'), ('28 February', 'none')],
    'timestamp': [('2013-02-28T23:59', '2013-02-28 23:59:00'), ('2013-02-28 24:59:00', 'none')],
} -%}

with texts (part) as (

    values
    ('b'),
    ('a')

),

records as (

    select
        7 as file_no,
        'JFK' as origin,
        cast(null as {{ type_text() }}) as dest
    from texts
    where part = 'a'

),

-- texts of a table, for an engine computes what it knows while it plans
written (given, cast_text) as (

    values
    {%- for type, examples in casts.items() -%}
    {%- set last_type = loop.last -%}
    {%- for text, value in examples %}
    ('cast_or_null {{ text }} to {{ type }}', '{{ text }}'){{ ',' if not (loop.last and last_type) }}
    {%- endfor -%}
    {%- endfor %}

),

compared as (

    {% for name, given, expected in cases -%}
    select
        '{{ name }}' as given,
        {{ given }} = {{ expected }} as is_right
    union all
    {% endfor -%}
    {% for type, examples in casts.items() -%}
    {% set last_type = loop.last -%}
    {% for text, value in examples -%}
    select
        given,
        coalesce(cast({{ cast_or_null('cast_text', type) }} as {{ type_text() }}), 'none') = '{{ value }}' as is_right
    from written
    where given = 'cast_or_null {{ text }} to {{ type }}'
    {{ 'union all' if not (loop.last and last_type) }}
    {% endfor -%}
    {% endfor %}

)

select *
from compared
where is_right is not true
