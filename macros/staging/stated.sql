{#
    What the header of a file states: of a column that it lacks the file says nothing, and the value of another file of the month
    stands (int_flights__records).
#}

{# Does a header, names with commas between, have one of these columns? #}
{% macro header_has(column_names, columns) -%}
    ({%- for column in columns %}',' || {{ column_names }} || ',' like '%,{{ column }},%'{{ ' or ' if not loop.last }}{% endfor -%})
{%- endmacro %}


{#
    By what each column of flights is stated: the names that one of the forms gives it, or those from which int_flights__clocks finds it.
    Those of extracts stand in names_in_extracts; what is added here are Kaggle's of 2015. Columns that stand and fall together share a
    line.
#}
{% macro headers_of_flights() %}
    {%- set names = names_in_extracts() -%}
    {%- set departure = ['dep_time', 'departure_time'] -%}
    {%- set dep_delay = ['dep_delay', 'departure_delay'] + names.dep_delay_new -%}
    {%- set arrival = ['arr_time', 'arrival_time'] -%}
    {%- set arr_delay = ['arr_delay', 'arrival_delay'] + names.arr_delay_new -%}
    {{ return([
        {'name': 'flight_number', 'columns': ['flight_number'], 'headers': names.flight_number + ['flight_number']},
        {'name': 'scheduled_departure', 'columns': ['scheduled_departure_at_local', 'scheduled_departure_at_utc'],
         'headers': names.crs_dep_time + ['scheduled_departure'], 'or_both': [departure, dep_delay]},
        {'name': 'tail_number', 'columns': ['tail_number'], 'headers': names.tail_number},
        {'name': 'departure', 'columns': ['actual_departure_at_local', 'actual_departure_at_utc', 'dep_delay_minutes'],
         'headers': departure + dep_delay},
        {'name': 'scheduled_arrival', 'columns': ['scheduled_arrival_at_local', 'scheduled_arrival_at_utc'],
         'headers': names.crs_arr_time + ['scheduled_arrival'], 'or_both': [arrival, arr_delay]},
        {'name': 'arrival_clock', 'columns': ['actual_arrival_at_local', 'actual_arrival_at_utc'], 'headers': arrival + arr_delay},
        {'name': 'arrival_delay', 'columns': ['arr_delay_minutes'], 'headers': arr_delay},
        {'name': 'on_time', 'columns': ['is_on_time'], 'headers': arr_delay + ['arr_del15']},
        {'name': 'cancelled', 'columns': ['is_cancelled'], 'headers': ['cancelled', 'cancellation_code'] + departure},
        {'name': 'cancellation_code', 'columns': ['cancellation_code'], 'headers': ['cancellation_code', 'cancellation_reason']},
        {'name': 'diverted', 'columns': ['is_diverted'], 'headers': ['diverted'] + arr_delay},
        {'name': 'distance', 'columns': ['distance_miles'], 'headers': ['distance']},
        {'name': 'air_time', 'columns': ['air_time_minutes'], 'headers': ['air_time']},
        {'name': 'carrier_delay', 'columns': ['carrier_delay_minutes'], 'headers': names.carrier_delay + ['airline_delay']},
        {'name': 'weather_delay', 'columns': ['weather_delay_minutes'], 'headers': names.weather_delay},
        {'name': 'nas_delay', 'columns': ['nas_delay_minutes'], 'headers': names.nas_delay + ['air_system_delay']},
        {'name': 'security_delay', 'columns': ['security_delay_minutes'], 'headers': names.security_delay},
        {'name': 'late_aircraft_delay', 'columns': ['late_aircraft_delay_minutes'], 'headers': names.late_aircraft_delay},
        {'name': 'origin_id', 'columns': ['origin_airport_id_bts'], 'headers': ['origin_airport_id', 'origin_airport_seq_id']},
        {'name': 'destination_id', 'columns': ['destination_airport_id_bts'], 'headers': ['dest_airport_id', 'dest_airport_seq_id']},
        {'name': 'taxi_out', 'columns': ['taxi_out_minutes'], 'headers': ['taxi_out']},
        {'name': 'taxi_in', 'columns': ['taxi_in_minutes'], 'headers': ['taxi_in']},
        {'name': 'tarmac', 'columns': ['longest_tarmac_minutes'], 'headers': ['taxi_out', 'taxi_in'] + names.longest_add_g_time},
    ]) }}
{% endmacro %}


{# Does a header state the columns of flights of that name? #}
{% macro header_states(column_names, name) -%}
    {%- for stated in headers_of_flights() if stated.name == name -%}
    ({{ header_has(column_names, stated.headers) }}
        {%- if stated.or_both %} or ({% for either in stated.or_both %}{{ header_has(column_names, either) }}{{ ' and ' if not loop.last }}{% endfor %}){% endif %})
    {%- endfor -%}
{%- endmacro %}


{# Does a header state the schedule itself? What is found from clocks and delays lacks that of cancelled flights, and tells none apart. #}
{% macro header_has_schedule(column_names) -%}
    {%- set schedule = headers_of_flights() | selectattr('name', 'equalto', 'scheduled_departure') | first -%}
    coalesce({{ header_has(column_names, schedule.headers) }}, true)
{%- endmacro %}


{#
    Why flights of two files cannot be matched, by their headers, or null: they share neither number nor schedule, or one names carriers
    or airports by code and the other by number, and no lookup that tells has landed. `statements` is a common table expression.
#}
{% macro why_not_matched(one, other, statements) -%}
    case
        when not ({{ header_states(one, 'flight_number') }} and {{ header_states(other, 'flight_number') }})
            and not ({{ header_has_schedule(one) }} and {{ header_has_schedule(other) }})
            then 'they share neither flight numbers nor schedules'
        {%- for named in [
            {'what': 'carriers', 'entity': 'airline_ids', 'file': 'L_AIRLINE_ID',
             'codes': names_in_extracts().carrier + ['airline']},
            {'what': 'airports', 'entity': 'airport_master', 'file': 'T_MASTER_CORD', 'codes': ['origin', 'origin_airport']},
            {'what': 'airports', 'entity': 'airport_master', 'file': 'T_MASTER_CORD', 'codes': ['dest', 'destination_airport']},
        ] %}
        when {{ header_has(one, named.codes) }} <> {{ header_has(other, named.codes) }}
            and not exists (select 1 from {{ statements }} as lookups where lookups.entity = '{{ named.entity }}')
            then 'one names {{ named.what }} by code, the other by number; the lookup {{ named.file }} tells'
        {%- endfor %}
    end
{%- endmacro %}


{# What a header states of flights, as flags states_<name>. A ledger that does not know the header of a file leaves all of them true. #}
{% macro columns_that_headers_state(column_names) -%}
    {%- for stated in headers_of_flights() %}
        coalesce({{ header_states(column_names, stated.name) }}, true) as states_{{ stated.name }}{{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}


{#
    Flights that several files of a month state, as the common table expression `united`: of each column the value of the newest file
    whose header states it. An older file that says otherwise whether the flight was cancelled or diverted says nothing of how it went.
    Reads the common table expressions of keyed records and of the headers of their files.
#}
{% macro flights_of_several_files(keyed, headers) -%}
shared as (

    select
        month_version_id,
        common_key
    from {{ keyed }}
    group by month_version_id, common_key
    having count(*) > 1

),

told as (

    select
        {{ keyed }}.*,
        {%- for stated in headers_of_flights() %}
        {{ headers }}.states_{{ stated.name }},
        {%- endfor %}
        max({{ keyed }}.file_no) over (
            partition by {{ keyed }}.month_version_id, {{ keyed }}.common_key
        ) as newest_file_no,
        {%- for outcome in ['cancelled', 'diverted'] %}
        first_value({{ keyed }}.is_{{ outcome }}) over (
            partition by {{ keyed }}.month_version_id, {{ keyed }}.common_key
            order by {{ headers }}.states_{{ outcome }} desc, {{ keyed }}.file_no desc
        ) as last_is_{{ outcome }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ keyed }}
    inner join shared on shared.month_version_id = {{ keyed }}.month_version_id and shared.common_key = {{ keyed }}.common_key
    inner join {{ headers }} on {{ headers }}.version_id = {{ keyed }}.month_version_id and {{ headers }}.file_no = {{ keyed }}.file_no

),

chosen as (

    select
        *,
        max(case when own_name like '%|%' then file_no end) over one_flight as key_file_no
        {%- for stated in headers_of_flights() %},
        max(case when states_{{ stated.name }} then file_no end) over one_flight as {{ stated.name }}_file_no
        {%- endfor %}
    from told
    where coalesce(is_cancelled = last_is_cancelled, true) and coalesce(is_diverted = last_is_diverted, true)
    window one_flight as (partition by month_version_id, common_key)

),

{{ values_of_the_chosen() }}
{%- endmacro %}


{# The last step of it: one row per flight. #}
{% macro values_of_the_chosen() -%}
united as (

    select
        month_version_id,
        common_key,
        newest_file_no,
        -- a file that has both number and schedule names the flight best
        max(case when file_no = coalesce(key_file_no, newest_file_no) then own_key end) as flight_key
        {%- for stated in headers_of_flights() %}
        {%- for column in stated.columns %},
        {{ 'bool_or' if column.startswith('is_') else 'max' }}(case when file_no = {{ stated.name }}_file_no then {{ column }} end) as {{ column }}
        {%- endfor %}
        {%- endfor %}
    from chosen
    group by month_version_id, common_key, newest_file_no

)
{%- endmacro %}


{# The columns of a flight: those that some files state and others not of the united flight, where there is one. #}
{% macro united_flight_columns(keyed, united) -%}
    {%- set open = headers_of_flights() | map(attribute='columns') | sum(start=[]) -%}
    {%- for column in columns_of_flights() -%}
    {% if column == 'source_file_no' -%}{{ keyed }}.file_no as source_file_no
    {%- elif column == 'source_record_no' -%}{{ keyed }}.record_no as source_record_no
    {%- elif column in open -%}
    case when {{ united }}.common_key is null then {{ keyed }}.{{ column }} else {{ united }}.{{ column }} end as {{ column }}
    {%- else -%}{{ keyed }}.{{ column }}
    {%- endif %}{{ ',\n    ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
