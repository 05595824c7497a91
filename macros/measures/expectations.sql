{#
    What a figure is expected to be, and when it is unusual (docs/monitoring.md): the median of earlier figures, four robust
    standard deviations to either side. A median and the median distance from it bear that nearly half of what they are made of
    was unusual itself; a mean and a standard deviation do not bear one blizzard.
#}

{#
    The figures of a day that have an expectation. `least_spread` is what is normal in any case: without it a figure that hardly
    ever moves would be unusual whenever it does. Of `expected`, and of `flights_before`, which there were on average: for a carrier
    with few flights one of them is many percent.
#}
{% macro kpis() %}
    {{ return([
        {'name': 'flights', 'least_spread': '0.04 * expected'},
        {'name': 'cancelled_pct', 'least_spread': 'greatest(1.5, 100.0 / flights_before)'},
        {'name': 'diverted_pct', 'least_spread': 'greatest(0.5, 100.0 / flights_before)'},
        {'name': 'on_time_pct', 'least_spread': 'greatest(3, 100.0 / flights_before)'},
        {'name': 'mean_dep_delay_minutes', 'least_spread': '3'},
        {'name': 'median_dep_delay_minutes', 'least_spread': '1.5'},
        {'name': 'mean_arr_delay_minutes', 'least_spread': '3'},
        {'name': 'median_arr_delay_minutes', 'least_spread': '2'},
    ]) }}
{% endmacro %}

{# The carrier that stands for all of them together; codes of carriers have two characters. #}
{% macro all_carriers() %}ALL{% endmacro %}


{#
    How many days before a day those lie that it is compared with: the same weekday of the eight weeks before, and of the five
    weeks around the same day one and two years before (52 and 104 weeks, so that the weekday is the same).
#}
{% macro days_to_compare_with() %}
    {{ return(range(7, 57, 7) | list + range(350, 379, 7) | list + range(714, 743, 7) | list) }}
{% endmacro %}


{# With fewer earlier figures, or fewer flights than this, nothing is expected. #}
{% macro least_figures() %}5{% endmacro %}

{% macro least_flights() %}10{% endmacro %}


{# The standard deviation of a normal distribution with this median distance from its median. #}
{% macro robust_spread(median_distance, least_spread) -%}
    greatest(1.4826 * {{ median_distance }}, {{ least_spread }})
{%- endmacro %}

{% macro expected_low(expected, spread) -%} cast({{ expected }} - 4 * {{ spread }} as numeric(12, 4)) {%- endmacro %}

{% macro expected_high(expected, spread) -%} cast({{ expected }} + 4 * {{ spread }} as numeric(12, 4)) {%- endmacro %}

{% macro is_outside(observed, expected, spread) -%} abs({{ observed }} - {{ expected }}) > 4 * {{ spread }} {%- endmacro %}

{# How grave what is outside is: an alarm where it is twice as far away as is still usual. #}
{% macro severity_of(observed, expected, expected_high) -%}
    case when abs({{ observed }} - {{ expected }}) > 2 * ({{ expected_high }} - {{ expected }}) then 'alarm' else 'notice' end
{%- endmacro %}
