{# Measures of flights, each defined once (docs/glossary). #}

{#
    On time: arrived less than 15 minutes after the scheduled arrival. Cancelled and diverted flights are not on time and stay
    in the denominator (the definition of the Bureau of Transportation Statistics).
#}
{% macro is_on_time(arr_delay_minutes, is_cancelled, is_diverted) -%}
    coalesce({{ arr_delay_minutes }} < 15, false)
    and not coalesce({{ is_cancelled }}, false) and not coalesce({{ is_diverted }}, false)
{%- endmacro %}


{# The five causes among which the carriers share out the minutes of an arrival that was late. #}
{% macro delay_causes() %}{{ return(['carrier', 'weather', 'nas', 'security', 'late_aircraft']) }}{% endmacro %}


{# What a group of flights adds up to: counts and sums only, so that groups can be added again. #}
{% macro flight_totals(alias) -%}
    count(*) as flights,
    count(*) filter (where {{ alias }}.is_cancelled) as cancelled,
    count(*) filter (where {{ alias }}.is_diverted) as diverted,
    count(*) filter (where {{ alias }}.is_on_time) as on_time,
    count(*) filter (where {{ alias }}.arr_delay_minutes >= 15 and not {{ alias }}.is_on_time) as late,
    count({{ alias }}.dep_delay_minutes) as departures_with_delay,
    coalesce(sum({{ alias }}.dep_delay_minutes), 0) as sum_dep_delay_minutes,
    count({{ alias }}.arr_delay_minutes) as arrivals_with_delay,
    coalesce(sum({{ alias }}.arr_delay_minutes), 0) as sum_arr_delay_minutes,
    count({{ alias }}.is_on_time) as with_known_outcome,
    coalesce(sum({{ alias }}.arr_delay_minutes) filter (where {{ alias }}.arr_delay_minutes >= 15), 0) as sum_late_arrival_minutes,
    {%- for cause in delay_causes() %}
    coalesce(sum({{ alias }}.{{ cause }}_delay_minutes), 0) as {{ cause }}_delay_minutes{{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}


{# The columns that the agg_ marts show of such totals. #}
{% macro flight_rates(alias) -%}
    {{ alias }}.flights,
    {{ alias }}.cancelled,
    {{ alias }}.diverted,
    {{ alias }}.on_time,
    {{ alias }}.late,
    cast({{ percentage(alias ~ '.on_time', alias ~ '.with_known_outcome') }} as numeric(7, 4)) as on_time_pct,
    cast({{ percentage(alias ~ '.cancelled', alias ~ '.flights') }} as numeric(7, 4)) as cancelled_pct,
    cast({{ mean(alias ~ '.sum_dep_delay_minutes', alias ~ '.departures_with_delay') }} as numeric(12, 4)) as mean_dep_delay_minutes,
    cast({{ mean(alias ~ '.sum_arr_delay_minutes', alias ~ '.arrivals_with_delay') }} as numeric(12, 4)) as mean_arr_delay_minutes,
    {{ alias }}.with_known_outcome,
    {%- for cause in delay_causes() %}
    {{ alias }}.{{ cause }}_delay_minutes{{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{% macro percentage(part, whole) -%} round(100.0 * {{ part }} / nullif({{ whole }}, 0), 4) {%- endmacro %}

{% macro mean(total, count) -%} round(1.0 * {{ total }} / nullif({{ count }}, 0), 4) {%- endmacro %}
