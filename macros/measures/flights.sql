{# Measures of flights, each defined once (docs/glossary). #}

{# From so many minutes on a flight is late (the definition of the Bureau of Transportation Statistics). #}
{% macro late_minutes() %}{{ return(15) }}{% endmacro %}

{#
    On time: arrived before it was late. Cancelled and diverted flights are not on time and stay in the denominator (the same
    definition). Some extracts state whether the arrival was late, and not its delay.
#}
{% macro is_on_time(arr_delay_minutes, is_cancelled, is_diverted, is_arrival_late) -%}
    coalesce({{ arr_delay_minutes }} < {{ late_minutes() }}, not {{ is_arrival_late }}, false)
    and not coalesce({{ is_cancelled }}, false) and not coalesce({{ is_diverted }}, false)
{%- endmacro %}


{#
    Late: arrived so late or later; without a stated delay, who was neither on time nor cancelled nor diverted. Null where nobody
    knows, as is_on_time is.
#}
{% macro is_late(alias) -%}
    case
        when {{ alias }}.is_on_time is not null
            then coalesce(
                {{ alias }}.arr_delay_minutes >= {{ late_minutes() }},
                not {{ alias }}.is_on_time and not {{ alias }}.is_cancelled and not {{ alias }}.is_diverted,
                false
            )
    end
{%- endmacro %}


{# The five causes among which the carriers share out the minutes of an arrival that was late. #}
{% macro delay_causes() %}{{ return(['carrier', 'weather', 'nas', 'security', 'late_aircraft']) }}{% endmacro %}


{# Why flights were cancelled, by the codes of BTS. #}
{% macro cancellation_reasons() %}
    {{ return({'A': 'carrier', 'B': 'weather', 'C': 'nas', 'D': 'security'}) }}
{% endmacro %}

{% macro cancellation_reason(code) -%}
    case {{ code }}{% for code, reason in cancellation_reasons().items() %} when '{{ code }}' then '{{ reason }}'{% endfor %} end
{%- endmacro %}


{# Arrivals late by so many minutes or more are counted apart; null without an arrival. #}
{% macro long_delays_minutes() %}{{ return([60, 120, 180]) }}{% endmacro %}

{% macro is_late_by(alias, minutes) -%} {{ alias }}.arr_delay_minutes >= {{ minutes }} {%- endmacro %}


{# So long may passengers of a domestic flight be kept on the tarmac (14 CFR 259.4); longer is a tarmac delay. #}
{% macro longest_lawful_tarmac_minutes() %}{{ return(180) }}{% endmacro %}

{% macro is_tarmac_delay(alias) -%} {{ alias }}.longest_tarmac_minutes > {{ longest_lawful_tarmac_minutes() }} {%- endmacro %}


{#
    How many flights of a group are so, and null where it is known of none of them: 0 would be a figure. `is_known` is what has to
    be known, where it is not the flag itself.
#}
{% macro known_count(flag, is_known=none) -%}
    case when count({{ is_known or flag }}) > 0 then count(*) filter (where {{ flag }}) end
{%- endmacro %}


{#
    What a group of flights adds up to: counts and sums only, so that groups can be added again; counts of what nobody knows are
    null, and add nothing.
#}
{% macro flight_totals(alias) -%}
    count(*) as flights,
    {{ outcome_counts(alias) }},
    count({{ alias }}.dep_delay_minutes) as departures_with_delay,
    coalesce(sum({{ alias }}.dep_delay_minutes), 0) as sum_dep_delay_minutes,
    count({{ alias }}.arr_delay_minutes) as arrivals_with_delay,
    coalesce(sum({{ alias }}.arr_delay_minutes), 0) as sum_arr_delay_minutes,
    count({{ alias }}.is_on_time) as with_known_outcome,
    coalesce(sum({{ alias }}.arr_delay_minutes) filter (where {{ alias }}.arr_delay_minutes >= {{ late_minutes() }}), 0)
        as sum_late_arrival_minutes,
    {%- for cause in delay_causes() %}
    coalesce(sum({{ alias }}.{{ cause }}_delay_minutes), 0) as {{ cause }}_delay_minutes,
    {%- endfor %}
    {%- for code, reason in cancellation_reasons().items() %}
    {{ known_count(alias ~ '.is_cancelled and ' ~ alias ~ ".cancellation_code = '" ~ code ~ "'", is_known=alias ~ '.is_cancelled') }}
        as cancelled_by_{{ reason }},
    {%- endfor %}
    {%- for minutes in long_delays_minutes() %}
    {{ known_count(is_late_by(alias, minutes), is_known=alias ~ '.is_on_time') }} as late_{{ minutes }}_minutes,
    {%- endfor %}
    {{ known_count(is_tarmac_delay(alias)) }} as tarmac_delays
{%- endmacro %}


{# How the flights of a group ended. #}
{% macro outcome_counts(alias) -%}
    {{ known_count(alias ~ '.is_cancelled') }} as cancelled,
    {{ known_count(alias ~ '.is_diverted') }} as diverted,
    {{ known_count(alias ~ '.is_on_time') }} as on_time,
    {{ known_count(is_late(alias)) }} as late
{%- endmacro %}


{# Late flights by cause, as BTS counts them: each is shared out by their minutes among the causes that are stated. #}
{% macro late_flights_by(alias, cause) -%}
    cast(coalesce(sum(1.0 * {{ alias }}.{{ cause }}_delay_minutes / nullif(
        {%- for each in delay_causes() %}coalesce({{ alias }}.{{ each }}_delay_minutes, 0){{ ' + ' if not loop.last }}{% endfor -%}
    , 0)), 0) as numeric(12, 4))
{%- endmacro %}


{#
    How the delays of a group of flights are spread. A few long delays make the mean: what most flights meet, the percentiles say,
    and the mean without outliers. Counts and sums can be added again, percentiles cannot.
#}
{% macro delay_spread(alias, fences) -%}
    {%- set is_outlier = is_outlier(alias ~ '.arr_delay_minutes', fences) -%}
    {{ delay_percentiles(alias, ['dep', 'arr']) }},
    count(*) filter (where {{ is_outlier }}) as arrival_outliers,
    coalesce(sum({{ alias }}.arr_delay_minutes) filter (where not {{ is_outlier }}), 0)
        as sum_arr_delay_minutes_without_outliers
{%- endmacro %}

{# The delay in the middle, and the one that a flight in ten exceeds; `ends` are dep, arr or both. #}
{% macro delay_percentiles(alias, ends) -%}
    {%- for end in ends %}
    {%- for name, share in [('median', 0.5), ('p90', 0.9)] %}
    cast(
        percentile_cont({{ share }}) within group (order by {{ alias }}.{{ end }}_delay_minutes) as numeric(12, 2)
    ) as {{ name }}_{{ end }}_delay_minutes{{ ',' if not loop.last }}
    {%- endfor %}
    {{- ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{# How far the fences lie beyond the quartiles, in distances between the quartiles. #}
{% macro fence_distance() %}{{ return(3) }}{% endmacro %}

{#
    Tukey's outer fences: an arrival is an outlier when it lies more than three times the distance between the quartiles beyond
    them, of all arrivals of the month. One that is not stated is none.
#}
{% macro is_outlier(delay_minutes, fences) -%}
    coalesce({{ delay_minutes }} < {{ fences }}.lower_fence_minutes or {{ delay_minutes }} > {{ fences }}.upper_fence_minutes, false)
{%- endmacro %}


{# The columns that the agg_ marts show of totals and spread. #}
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
    {{ alias }}.{{ cause }}_delay_minutes,
    {%- endfor %}
    {%- for reason in cancellation_reasons().values() %}
    {{ alias }}.cancelled_by_{{ reason }},
    {%- endfor %}
    {{ alias }}.cancelled
    {%- for reason in cancellation_reasons().values() %} - {{ alias }}.cancelled_by_{{ reason }}{% endfor %} as cancelled_without_reason,
    {%- for minutes in long_delays_minutes() %}
    {{ alias }}.late_{{ minutes }}_minutes,
    {%- endfor %}
    {{ alias }}.tarmac_delays,
    {%- for end in ['dep', 'arr'] %}
    {{ alias }}.median_{{ end }}_delay_minutes,
    {{ alias }}.p90_{{ end }}_delay_minutes,
    {%- endfor %}
    {{ alias }}.arrival_outliers,
    cast(
        {{ mean(alias ~ '.sum_arr_delay_minutes_without_outliers', '(' ~ alias ~ '.arrivals_with_delay - ' ~ alias ~ '.arrival_outliers)') }}
        as numeric(12, 4)
    ) as mean_arr_delay_minutes_without_outliers
{%- endmacro %}

{# Rank among the groups of a month, the most often on time first; groups of which nobody knows have none. #}
{% macro on_time_rank(alias, partition_by) -%}
    case
        when {{ alias }}.with_known_outcome > 0
            then cast(
                rank() over (
                    partition by {{ partition_by | join(', ') }}
                    order by {{ percentage(alias ~ '.on_time', alias ~ '.with_known_outcome') }} desc nulls last
                ) as integer
            )
    end
{%- endmacro %}

{% macro percentage(part, whole) -%} round(100.0 * {{ part }} / nullif({{ whole }}, 0), 4) {%- endmacro %}

{% macro mean(total, count) -%} round(1.0 * {{ total }} / nullif({{ count }}, 0), 4) {%- endmacro %}
