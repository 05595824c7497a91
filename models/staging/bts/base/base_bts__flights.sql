{#- the columns that the forms have between them, as text -#}
{%- set columns = ['flight_date', 'carrier', 'carrier_id', 'flight_number', 'tail_number', 'origin', 'origin_id', 'dest',
                   'dest_id', 'crs_dep_time', 'dep_time', 'crs_arr_time', 'arr_time', 'dep_delay', 'arr_delay', 'arr_del15',
                   'cancelled', 'diverted', 'distance', 'air_time', 'cancellation_code'] + minutes_of_bts() + stays_on_the_ground() -%}
{#- and which of them a form lacks -#}
{%- set forms = {
    'ontime_monthly': ['arr_del15'],
    'ontime_monthly_before_2018': ['arr_del15'],
    'ontime_selection': [],
    'dataexpo': ['carrier_id', 'origin_id', 'dest_id', 'arr_del15'] + stays_on_the_ground(),
    'kaggle_2015': ['carrier_id', 'arr_del15'] + stays_on_the_ground(),
    'nycflights': ['carrier_id', 'origin_id', 'dest_id', 'arr_del15', 'cancelled', 'diverted', 'cancellation_code'] + minutes_of_bts()
                  + stays_on_the_ground(),
} -%}

{% for form, lacks in forms.items() -%}
select
    file_no,
    record_no,
    {%- for column in columns %}
    {{ 'cast(null as ' ~ type_text() ~ ')' if column in lacks else column }} as {{ column }},
    {%- endfor %}
    is_cancelled_unless_flagged,
    is_arrival_stated,
    raw_text
from {{ ref('base_bts__' ~ form) }}
{{ 'union all' if not loop.last }}
{% endfor %}
