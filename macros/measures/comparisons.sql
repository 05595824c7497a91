{# Does one of the columns differ between two relations of the query? A missing value equals a missing one. #}
{% macro differ(one, other, columns) -%}
    {%- for column in columns -%}
    {{ one }}.{{ column }} is distinct from {{ other }}.{{ column }}{{ ' or ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}


{# Names of the measures in which our totals differ from the published ones, of columns our_<measure> and published_<measure>. #}
{% macro names_of_differences(measures) -%}
    concat_ws(', '
    {%- for measure in measures -%}
    , case when coalesce(our_{{ measure }}, 0) <> coalesce(published_{{ measure }}, 0) then '{{ measure }}' end
    {%- endfor -%}
    )
{%- endmacro %}


{#
    What a restatement changed, one row per measure (version_id, measure, value_before, value_after, difference). Reads of the
    model: `totals` per month_version_id and is_before with the measures, and `counts` per version_id of rows added, withdrawn and
    changed, which have no value of their own before and after.
#}
{% macro restated_measures(measures, rows) -%}
    {%- for change in ['added', 'withdrawn', 'changed'] %}
    select
        version_id,
        '{{ rows }}_{{ change }}' as measure,
        cast(null as bigint) as value_before,
        cast(null as bigint) as value_after,
        {{ change }} as difference
    from counts
    union all
    {%- endfor %}
    {%- for measure in measures %}
    select
        counts.version_id,
        '{{ measure }}' as measure,
        cast(coalesce(totals_before.{{ measure }}, 0) as bigint) as value_before,
        cast(coalesce(totals_after.{{ measure }}, 0) as bigint) as value_after,
        cast(coalesce(totals_after.{{ measure }}, 0) - coalesce(totals_before.{{ measure }}, 0) as bigint) as difference
    from counts
    left join totals as totals_after on totals_after.month_version_id = counts.version_id and not totals_after.is_before
    left join totals as totals_before on totals_before.month_version_id = counts.version_id and totals_before.is_before
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
