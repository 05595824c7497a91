{# The shape in which the weather of each API is staged: an observation counts for the month and the hour that it was made in. #}
{% macro staged_observations(records) -%}
select
    file_no,
    record_no,
    cast(date_trunc('month', observed_at_utc) as date) as observation_month_utc,
    airport_code_iata,
    date_trunc('hour', observed_at_utc) as observation_hour_utc,
    observed_at_utc,
    {%- for measure in weather_measures() %}
    {{ measure }},
    {%- endfor %}
    reject_reason,
    raw_text
from {{ records }}
{%- endmacro %}
