{#- the columns that the forms have between them, all of them text but the numbers of file and record and the two conditions -#}
{%- set columns = ['file_no', 'record_no', 'flight_date', 'carrier', 'carrier_id', 'flight_number', 'tail_number', 'origin',
                   'origin_id', 'dest', 'dest_id', 'crs_dep_time', 'dep_time', 'crs_arr_time', 'arr_time', 'dep_delay',
                   'arr_delay', 'cancelled', 'diverted', 'distance', 'air_time'] + causes_and_taxiing() + stays_on_the_ground()
                  + ['cancellation_code', 'is_cancelled_unless_flagged', 'is_arrival_stated', 'raw_text'] -%}
{#- and which of them a form lacks -#}
{%- set forms = {
    'ontime_monthly': [],
    'ontime_monthly_before_2018': [],
    'ontime_selection': [],
    'dataexpo': ['carrier_id', 'origin_id', 'dest_id'] + stays_on_the_ground(),
    'kaggle_2015': ['carrier_id'] + stays_on_the_ground(),
    'nycflights': ['carrier_id', 'origin_id', 'dest_id', 'cancelled', 'diverted', 'cancellation_code'] + causes_and_taxiing()
                  + stays_on_the_ground(),
} -%}

{% for form, lacks in forms.items() -%}
select
    {%- for column in columns %}
    {{ 'cast(null as ' ~ type_text() ~ ') as ' if column in lacks }}{{ column }}{{ ',' if not loop.last }}
    {%- endfor %}
from {{ ref('base_bts__' ~ form) }}
{{ 'union all' if not loop.last }}
{% endfor %}
