{%- set forms = ['ontime_monthly', 'ontime_monthly_before_2018', 'ontime_selection', 'dataexpo', 'kaggle_2015', 'nycflights'] -%}
{#- by name: the forms have no other order in common -#}
{%- set columns = ['file_no', 'record_no', 'flight_date', 'carrier', 'carrier_id', 'flight_number', 'tail_number', 'origin',
                   'origin_id', 'dest', 'dest_id', 'crs_dep_time', 'dep_time', 'crs_arr_time', 'arr_time', 'dep_delay',
                   'arr_delay', 'cancelled', 'diverted', 'distance', 'air_time', 'carrier_delay', 'weather_delay', 'nas_delay',
                   'security_delay', 'late_aircraft_delay', 'taxi_out', 'taxi_in'] + stays_on_the_ground()
                  + ['cancellation_code', 'is_cancelled_unless_flagged', 'is_arrival_stated', 'raw_text'] -%}

{% for form in forms -%}
select {{ columns | join(', ') }} from {{ ref('base_bts__' ~ form) }}
{{ 'union all' if not loop.last }}
{% endfor %}
