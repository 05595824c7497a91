{% for landed in landed_entities() if landed.entity == 'weather' -%}
select
    file_no,
    record_no,
    observation_month_utc,
    airport_code_iata,
    observation_hour_utc,
    observed_at_utc,
    {%- for measure in weather_measures() %}
    {{ measure }},
    {%- endfor %}
    '{{ landed.source }}' as weather_source
from {{ ref(staging_model(landed)) }}
where reject_reason is null
{{ 'union all' if not loop.last }}
{% endfor %}
