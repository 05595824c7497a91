{# Columns with minutes of a delay by cause, and of taxiing. #}
{% macro causes_and_taxiing() %}
    {{ return(['carrier_delay', 'weather_delay', 'nas_delay', 'security_delay', 'late_aircraft_delay', 'taxi_out', 'taxi_in']) }}
{% endmacro %}

{#
    Columns with the longest stay of a flight on the ground away from a gate, besides taxiing: after it came back to the gate or
    until it was cancelled, and at each airport that it was diverted to.
#}
{% macro stays_on_the_ground() %}
    {{ return(['longest_add_g_time', 'div1_longest_g_time', 'div2_longest_g_time', 'div3_longest_g_time', 'div4_longest_g_time',
               'div5_longest_g_time']) }}
{% endmacro %}


{#
    The records of a monthly archive under the names that all forms share. The archives of before and since 2018 differ in the
    names of carrier, its number, flight number and tail number alone. Reads the common table expression `source` of the model.
#}
{% macro monthly_archive(carrier, carrier_id, flight_number, tail_number) -%}
select
    file_no,
    record_no,
    nullif(flight_date, '') as flight_date,
    nullif({{ carrier }}, '') as carrier,
    nullif({{ carrier_id }}, '') as carrier_id,
    nullif({{ flight_number }}, '') as flight_number,
    nullif({{ tail_number }}, '') as tail_number,
    nullif(origin, '') as origin,
    nullif(origin_airport_id, '') as origin_id,
    nullif(dest, '') as dest,
    nullif(dest_airport_id, '') as dest_id,
    nullif(crs_dep_time, '') as crs_dep_time,
    nullif(dep_time, '') as dep_time,
    nullif(crs_arr_time, '') as crs_arr_time,
    nullif(arr_time, '') as arr_time,
    {%- for column in ['dep_delay', 'arr_delay', 'cancelled', 'diverted', 'distance', 'air_time'] + causes_and_taxiing()
                      + stays_on_the_ground() %}
    {{ without_zero_decimals(column) }} as {{ column }},
    {%- endfor %}
    nullif(cancellation_code, '') as cancellation_code,
    cast(null as boolean) as is_cancelled_unless_flagged,
    true as is_arrival_stated,
    {{ record_as_json('source') }} as raw_text
from source
{%- endmacro %}


{#
    A tail number, or null where the text stands for an aircraft that is not known: UNKNOW, NKNO, xxxxxx and `------` have no
    digit, as every registration of the United States has; 000000 and N00000 say nothing but zeros; 999999 is one character again
    and again.
#}
{% macro known_tail_number(tail_number) -%}
    case
        when translate({{ tail_number }}, '0123456789', '') <> {{ tail_number }}
            and translate(upper({{ tail_number }}), 'N0 .-/', '') <> ''
            and replace({{ tail_number }}, left({{ tail_number }}, 1), '') <> ''
            then {{ tail_number }}
    end
{%- endmacro %}


{#
    Was a flight cancelled, of a form without that flag: a code says so, and so does a departure that is missing where departures
    are stated. A code that is missing says that it was not since June 2003; before, nobody gave codes.
#}
{% macro is_cancelled_by(code, is_code_stated, departure, is_departure_stated, flight_date) -%}
    case
        when coalesce({{ code }}, '') <> '' then true
        when {{ is_departure_stated }} then coalesce({{ departure }}, '') = ''
        when {{ is_code_stated }} and {{ flight_date }} >= '2003-06-01' then false
    end
{%- endmacro %}
