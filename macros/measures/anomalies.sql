{# The branches of audit_anomalies: one of figures outside their band, one of what a rule alone says. #}

{# Rows of a relation that is outside its band, each said in a sentence. `kind` is a name, the rest expressions. #}
{% macro anomalies_outside(relation, kind, subject, measure, data_month, found_on) -%}
    select
        '{{ kind }}' as kind,
        case when abs(observed - expected) > 2 * (expected_high - expected) then 'alarm' else 'notice' end as severity,
        {{ subject }} as subject,
        {{ measure }} as measure,
        {{ data_month }} as data_month,
        {{ found_on }} as found_on,
        observed,
        expected,
        expected_low,
        expected_high,
        {{ subject }} || ': ' || {{ measure }} || ' ' || {{ rounded('observed') }} || ', where ' || {{ rounded('expected_low') }}
        || ' to ' || {{ rounded('expected_high') }} || ' is usual.' as explanation
    from {{ relation }}
    where is_outside
{%- endmacro %}


{# Rows of a relation that break a rule: `observed` is what should be 0. `kind` and `measure` are names, the rest expressions. #}
{% macro anomalies_by_rule(relation, kind, severity, subject, measure, data_month, found_on, observed, explanation, condition) -%}
    select
        '{{ kind }}' as kind,
        {{ severity }} as severity,
        {{ subject }} as subject,
        '{{ measure }}' as measure,
        {{ data_month }} as data_month,
        {{ found_on }} as found_on,
        cast({{ observed }} as numeric(12, 4)) as observed,
        cast(0 as numeric(12, 4)) as expected,
        cast(0 as numeric(12, 4)) as expected_low,
        cast(0 as numeric(12, 4)) as expected_high,
        {{ explanation }} as explanation
    from {{ relation }}
    where {{ condition }}
{%- endmacro %}


{# A number as people say it. #}
{% macro rounded(number) -%} cast(cast({{ number }} as numeric(12, 1)) as {{ type_text() }}) {%- endmacro %}
