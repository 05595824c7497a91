{# Flights that are late again and again, as 14 CFR 399.81(c) defines chronically delayed ones. #}

{# Arrived more than half an hour late, or was cancelled. #}
{% macro is_late_or_cancelled(alias) -%}
    coalesce({{ alias }}.is_cancelled, false) or coalesce({{ alias }}.arr_delay_minutes > 30, false)
{%- endmacro %}

{# At least ten times in the month, and more than half of them. #}
{% macro is_chronically_late(flights, late_or_cancelled) -%}
    ({{ flights }} >= 10 and 2 * {{ late_or_cancelled }} > {{ flights }})
{%- endmacro %}
