{#
    What the header of a file states: of a column that it lacks the file says nothing, and the value of another file of the month
    stands (int_flights__records).
#}

{# Does a header, names with commas between, have one of these columns? #}
{% macro header_has(column_names, columns) -%}
    ({%- for column in columns %}',' || {{ column_names }} || ',' like '%,{{ column }},%'{{ ' or ' if not loop.last }}{% endfor -%})
{%- endmacro %}


{# The headers of flights by what they tell, under the names that the forms give it; those of extracts stand in names_in_extracts. #}
{% macro headers_by_fact() %}
    {%- set names = names_in_extracts() -%}
    {%- set departure = ['dep_time', 'departure_time'] -%}
    {%- set dep_delay = ['dep_delay', 'departure_delay'] -%}
    {%- set arr_delay = ['arr_delay', 'arrival_delay'] -%}
    {{ return({
        'number': names.flight_number + ['flight_number'],
        'tail_number': names.tail_number,
        'schedule': names.crs_dep_time + ['scheduled_departure'],
        'departure': departure,
        'dep_delay': dep_delay,
        'rounded_dep_delay': names.dep_delay_new,
        'any_departure': departure + dep_delay + names.dep_delay_new,
        'scheduled_arrival': names.crs_arr_time + ['scheduled_arrival'],
        'arrival': ['arr_time', 'arrival_time'],
        'arr_delay': arr_delay,
        'rounded_arr_delay': names.arr_delay_new,
        'any_arrival': arr_delay + names.arr_delay_new + ['arr_del15'],
        'cancelled': ['cancelled'],
        'cancellation_code': ['cancellation_code', 'cancellation_reason'],
        'diverted': ['diverted'],
        'distance': ['distance'],
        'air_time': ['air_time'],
        'carrier_delay': names.carrier_delay + ['airline_delay'],
        'weather_delay': names.weather_delay,
        'nas_delay': names.nas_delay + ['air_system_delay'],
        'security_delay': names.security_delay,
        'late_aircraft_delay': names.late_aircraft_delay,
        'origin_id': ['origin_airport_id', 'origin_airport_seq_id'],
        'destination_id': ['dest_airport_id', 'dest_airport_seq_id'],
        'taxi_out': ['taxi_out'],
        'taxi_in': ['taxi_in'],
        'stay': names.longest_add_g_time,
    }) }}
{% endmacro %}


{#
    By what each column of flights is stated, the best first: what says it before that from which staging or int_flights__clocks find
    it for some flights alone (no schedule of a cancelled flight, no delay of one that BTS rounds to 0 as it was early). `&` is and, a
    comma or. Columns that stand and fall together share a line. So what a month says does not depend on which file came first.
#}
{% macro statements_of_flights() %}
    {{ return([
        {'name': 'flight_number', 'columns': ['flight_number'], 'by': ['number']},
        {'name': 'scheduled_departure', 'columns': ['scheduled_departure_at_local', 'scheduled_departure_at_utc'],
         'by': ['schedule', 'departure & dep_delay', 'departure & rounded_dep_delay']},
        {'name': 'tail_number', 'columns': ['tail_number'], 'by': ['tail_number']},
        {'name': 'departure', 'columns': ['actual_departure_at_local', 'actual_departure_at_utc'],
         'by': ['schedule & dep_delay, departure & dep_delay', 'schedule & departure', 'departure', 'schedule & rounded_dep_delay']},
        {'name': 'departure_delay', 'columns': ['dep_delay_minutes'],
         'by': ['dep_delay', 'schedule & departure', 'rounded_dep_delay']},
        {'name': 'scheduled_arrival', 'columns': ['scheduled_arrival_at_local', 'scheduled_arrival_at_utc'],
         'by': ['schedule & scheduled_arrival', 'departure & dep_delay & scheduled_arrival', 'schedule & arrival & arr_delay',
                'departure & dep_delay & arrival & arr_delay', 'schedule & arrival & rounded_arr_delay']},
        {'name': 'arrival', 'columns': ['actual_arrival_at_local', 'actual_arrival_at_utc'],
         'by': ['schedule & departure & arrival & arr_delay, departure & dep_delay & arrival & arr_delay',
                'schedule & arrival & arr_delay, schedule & scheduled_arrival & arr_delay',
                'departure & dep_delay & scheduled_arrival & arr_delay', 'departure & arrival',
                'schedule & scheduled_arrival & rounded_arr_delay']},
        {'name': 'arrival_delay', 'columns': ['arr_delay_minutes'], 'by': ['arr_delay', 'rounded_arr_delay']},
        {'name': 'on_time', 'columns': ['is_on_time'], 'by': ['any_arrival']},
        {'name': 'cancelled', 'columns': ['is_cancelled'], 'by': ['cancelled', 'any_departure', 'cancellation_code']},
        {'name': 'cancellation_code', 'columns': ['cancellation_code'], 'by': ['cancellation_code']},
        {'name': 'diverted', 'columns': ['is_diverted'],
         'by': ['diverted', 'any_arrival & cancelled, any_arrival & any_departure', 'any_arrival & cancellation_code', 'any_arrival']},
        {'name': 'distance', 'columns': ['distance_miles'], 'by': ['distance']},
        {'name': 'air_time', 'columns': ['air_time_minutes'], 'by': ['air_time']},
        {'name': 'carrier_delay', 'columns': ['carrier_delay_minutes'], 'by': ['carrier_delay']},
        {'name': 'weather_delay', 'columns': ['weather_delay_minutes'], 'by': ['weather_delay']},
        {'name': 'nas_delay', 'columns': ['nas_delay_minutes'], 'by': ['nas_delay']},
        {'name': 'security_delay', 'columns': ['security_delay_minutes'], 'by': ['security_delay']},
        {'name': 'late_aircraft_delay', 'columns': ['late_aircraft_delay_minutes'], 'by': ['late_aircraft_delay']},
        {'name': 'origin_id', 'columns': ['origin_airport_id_bts'], 'by': ['origin_id']},
        {'name': 'destination_id', 'columns': ['destination_airport_id_bts'], 'by': ['destination_id']},
        {'name': 'taxi_out', 'columns': ['taxi_out_minutes'], 'by': ['taxi_out']},
        {'name': 'taxi_in', 'columns': ['taxi_in_minutes'], 'by': ['taxi_in']},
        {'name': 'tarmac', 'columns': ['longest_tarmac_minutes'],
         'by': ['stay & taxi_out & taxi_in', 'taxi_out & taxi_in', 'stay', 'taxi_out', 'taxi_in']},
    ]) }}
{% endmacro %}


{# Does a header tell this: a name of headers_by_fact, of which a ledger that does not know the header is believed to have all? #}
{% macro header_tells(column_names, fact) -%}
    coalesce({{ header_has(column_names, headers_by_fact()[fact]) }}, true)
{%- endmacro %}


{#
    The place of each file among those of a month that state a column, as place_of_<name>: the lower counts, null states nothing. What
    states it better comes first, of equal ones the newest.
#}
{% macro places_by_headers(column_names, file_no) -%}
    {%- for stated in statements_of_flights() %}
    case
        {%- for ways in stated.by %}
        when {% for way in ways.split(', ') %}
            {%- for fact in way.split(' & ') %}{{ header_tells(column_names, fact) }}{{ ' and ' if not loop.last }}{% endfor %}
            {{- ' or ' if not loop.last }}
        {%- endfor %} then {{ loop.index }}
        {%- endfor %}
    end * 10000000000 - {{ file_no }} as place_of_{{ stated.name }}{{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}


{#
    Why flights of two files cannot be matched, by their headers, or null: they share neither number nor schedule, or one names carriers
    or airports by code and the other by number, and no lookup that tells has landed. `statements` is a common table expression.
#}
{% macro why_not_matched(one, other, statements) -%}
    case
        when not ({{ header_tells(one, 'number') }} and {{ header_tells(other, 'number') }})
            and not ({{ header_tells(one, 'schedule') }} and {{ header_tells(other, 'schedule') }})
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


{#
    Flights that several files of a month state, as the common table expression `united`: of each column the value of the file that
    states it best. A file that says otherwise whether the flight was cancelled or diverted says nothing of how it went.
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
        {%- for stated in statements_of_flights() %}
        {{ headers }}.place_of_{{ stated.name }},
        {%- endfor %}
        max({{ keyed }}.file_no) over (
            partition by {{ keyed }}.month_version_id, {{ keyed }}.common_key
        ) as newest_file_no,
        {%- for outcome in ['cancelled', 'diverted'] %}
        first_value({{ keyed }}.is_{{ outcome }}) over (
            partition by {{ keyed }}.month_version_id, {{ keyed }}.common_key
            order by {{ headers }}.place_of_{{ outcome }} asc nulls last, {{ keyed }}.file_no desc
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
        {%- for stated in statements_of_flights() %},
        min(place_of_{{ stated.name }}) over one_flight as best_of_{{ stated.name }}
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
        {%- for stated in statements_of_flights() %}
        {%- for column in stated.columns %},
        {{ 'bool_or' if column.startswith('is_') else 'max' }}(
            case when place_of_{{ stated.name }} = best_of_{{ stated.name }} then {{ column }} end
        ) as {{ column }}
        {%- endfor %}
        {%- endfor %}
    from chosen
    group by month_version_id, common_key, newest_file_no

)
{%- endmacro %}


{# The columns of a flight: those that some files state and others not of the united flight, where there is one. #}
{% macro united_flight_columns(keyed, united) -%}
    {%- set open = statements_of_flights() | map(attribute='columns') | sum(start=[]) -%}
    {%- for column in columns_of_flights() -%}
    {% if column == 'source_file_no' -%}{{ keyed }}.file_no as source_file_no
    {%- elif column == 'source_record_no' -%}{{ keyed }}.record_no as source_record_no
    {%- elif column in open -%}
    case when {{ united }}.common_key is null then {{ keyed }}.{{ column }} else {{ united }}.{{ column }} end as {{ column }}
    {%- else -%}{{ keyed }}.{{ column }}
    {%- endif %}{{ ',\n    ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
