{% for model in ['int_flights__records', 'int_weather__records', 'int_delays__records'] -%}
select
    month_version_id as version_id,
    source_file_no,
    count(*) filter (where not is_duplicate) as rows_published,
    count(*) filter (where is_duplicate) as rows_duplicate
from ({{ missing_months_of(model) }}) as records
group by month_version_id, source_file_no
{{ 'union all' if not loop.last }}
{% endfor %}
