{# The condition of a published view on history: rows of the versions that are current. #}
{% macro is_current(version_id, model_name) -%}
    {{ version_id }} in (
        select version_id from {{ ref('month_versions') }}
        where model_name = '{{ model_name }}' and known_to_utc is null
    )
{%- endmacro %}
