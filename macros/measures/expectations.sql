{#
    What a figure is expected to be, and when it is unusual (docs/monitoring.md): the median of earlier figures, four robust
    standard deviations to either side. A median and the median distance from it bear that nearly half of what they are made of
    was unusual itself; a mean and a standard deviation do not bear one blizzard.
#}

{#
    The figures of a day that have an expectation. `least_spread` is what is normal in any case: without it a figure that hardly
    ever moves would be unusual whenever it does. Of `expected`, and of `flights_before`, which there were on average: for a carrier
    with few flights one of them is many percent. `range` is what can be: a share has its ends, a delay may be early.
#}
{% macro kpis() %}
    {{ return([
        {'name': 'flights', 'least_spread': '0.04 * expected', 'range': at_least_zero()},
        {'name': 'cancelled_pct', 'least_spread': 'greatest(1.5, 100.0 / flights_before)', 'range': percent()},
        {'name': 'diverted_pct', 'least_spread': 'greatest(0.5, 100.0 / flights_before)', 'range': percent()},
        {'name': 'on_time_pct', 'least_spread': 'greatest(3, 100.0 / flights_before)', 'range': percent()},
        {'name': 'mean_dep_delay_minutes', 'least_spread': '4'},
        {'name': 'median_dep_delay_minutes', 'least_spread': '3'},
        {'name': 'mean_arr_delay_minutes', 'least_spread': '4'},
        {'name': 'median_arr_delay_minutes', 'least_spread': '3'},
    ]) }}
{% endmacro %}

{# The least and the most that a figure can be. #}
{% macro percent() %}{{ return(['0', '100']) }}{% endmacro %}

{% macro at_least_zero() %}{{ return(['0', 'null']) }}{% endmacro %}


{# The carrier that stands for all of them together; codes of carriers have two characters. #}
{% macro all_carriers() %}ALL{% endmacro %}


{#
    How many days before a day those lie that it is compared with: the same weekday of the eight weeks before, and of the five
    weeks around the same day one and two years before (52 and 104 weeks, so that the weekday is the same).
#}
{% macro days_to_compare_with() %}
    {{ return(range(7, 57, 7) | list + range(350, 379, 7) | list + range(714, 743, 7) | list) }}
{% endmacro %}


{# The standard deviation of a normal distribution with this median distance from its median. #}
{% macro robust_spread(median_distance, least_spread) -%}
    greatest(1.4826 * {{ median_distance }}, {{ least_spread }})
{%- endmacro %}

{# The bounds of what is usual, but nothing that cannot be: fewer than no flights, more than all. #}
{% macro expected_low(expected, spread, least='null') -%}
    cast(case when {{ expected }} is not null then greatest({{ expected }} - 4 * {{ spread }}, {{ least }}) end as numeric(12, 4))
{%- endmacro %}

{% macro expected_high(expected, spread, most='null') -%}
    cast(case when {{ expected }} is not null then least({{ expected }} + 4 * {{ spread }}, {{ most }}) end as numeric(12, 4))
{%- endmacro %}

{% macro is_outside(observed, expected, spread) -%} abs({{ observed }} - {{ expected }}) > 4 * {{ spread }} {%- endmacro %}

{#
    Figures of days with the bounds of what is usual, of a relation of int_monitoring__day_expectations: the columns `observed` to
    `figures_before` of kpi_day and kpi_carrier_day, behind their keys.
#}
{% macro bounds_of_days(expectations, keys) -%}
    select
        {{ keys | join(', ') }},
        observed,
        cast(expected as numeric(12, 4)) as expected,
        {{ expected_low('expected', 'spread', 'least_possible') }} as expected_low,
        {{ expected_high('expected', 'spread', 'most_possible') }} as expected_high,
        {{ is_outside('observed', 'expected', 'spread') }} as is_outside,
        figures_before
    from (
        select
            {{ keys | join(', ') }},
            observed,
            figures_before,
            -- too few days, or too few flights on them, lead to expect nothing
            case when figures_before >= 5 and flights_before >= 10 then expected end as expected,
            case measure
                {%- for kpi in kpis() %}
                when '{{ kpi.name }}' then {{ robust_spread('median_distance', kpi.least_spread) }}
                {%- endfor %}
            end as spread,
            case measure
                {%- for kpi in kpis() if kpi.range %}
                when '{{ kpi.name }}' then {{ kpi.range[0] }}
                {%- endfor %}
            end as least_possible,
            case measure
                {%- for kpi in kpis() if kpi.range %}
                when '{{ kpi.name }}' then {{ kpi.range[1] }}
                {%- endfor %}
            end as most_possible
        from {{ expectations }}
    ) as spreads
{%- endmacro %}


{#
    What the twelve months before lead to expect: a relation (series, data_month, expected, median_distance), of a relation
    (series, data_month, observed). Nothing where there are fewer than three of them.
#}
{% macro expected_of_months_before(figures) -%}
    with pairs as (

        select
            figures.series,
            figures.data_month,
            earlier.observed as earlier_observed
        from {{ figures }} as figures
        inner join {{ figures }} as earlier
            on earlier.series = figures.series
            and earlier.data_month < figures.data_month
            and earlier.data_month >= {{ months_after('figures.data_month', -12) }}
        where earlier.observed is not null

    ),

    -- the first median by place, not by an aggregate that the pairs are joined with: where Postgres expects few rows it makes such a
    -- join again for each of them
    in_order as (

        select
            *,
            row_number() over (partition by series, data_month order by earlier_observed) as place,
            count(*) over (partition by series, data_month) as figures_before
        from pairs

    ),

    medians as (

        select
            series,
            data_month,
            earlier_observed,
            cast(
                avg(case when 2 * place between figures_before and figures_before + 2 then earlier_observed end)
                    over (partition by series, data_month) as {{ type_double() }}
            ) as expected
        from in_order
        where figures_before >= 3

    )

    select
        series,
        data_month,
        expected,
        percentile_cont(0.5) within group (order by abs(earlier_observed - expected)) as median_distance
    from medians
    group by series, data_month, expected
{%- endmacro %}


{#
    Columns of flights whose missing values are counted, and of which flights a value is due. Diverted flights are few, and are
    known by what they lack in some forms: all that left count.
#}
{% macro watched_columns() %}
    {% set left = 'not coalesce(is_cancelled, false)' %}
    {{ return([
        {'name': 'flight_number', 'due': 'true'},
        {'name': 'scheduled_departure_at_local', 'due': 'true'},
        {'name': 'scheduled_departure_at_utc', 'due': 'true'},
        {'name': 'scheduled_arrival_at_utc', 'due': 'true'},
        {'name': 'distance_miles', 'due': 'true'},
        {'name': 'is_on_time', 'due': 'true'},
        {'name': 'tail_number', 'due': left},
        {'name': 'dep_delay_minutes', 'due': left},
        {'name': 'arr_delay_minutes', 'due': left},
        {'name': 'actual_arrival_at_local', 'due': left},
        {'name': 'air_time_minutes', 'due': left},
        {'name': 'cancellation_code', 'due': 'is_cancelled'},
        {'name': 'carrier_delay_minutes', 'due': 'arr_delay_minutes >= ' ~ late_minutes()},
    ]) }}
{% endmacro %}
