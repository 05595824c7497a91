{# What an hourly observation measures; the glossary says in which units. #}
{% macro weather_measures() %}
    {{ return([
        'temperature_fahrenheit',
        'dew_point_fahrenheit',
        'relative_humidity_pct',
        'wind_direction_degrees',
        'wind_speed_mph',
        'wind_gust_mph',
        'precipitation_inches',
        'sea_level_pressure_millibars',
        'visibility_miles',
    ]) }}
{% endmacro %}


{#
    Is an observation the one to go by at a moment? It is until the next one of its airport is made, and for three hours at most:
    older than that, it is no longer the weather. `observation` has observed_at_utc and next_observed_at_utc.
#}
{% macro is_known_at(observation, moment) -%}
    {{ moment }} >= {{ observation }}.observed_at_utc
    and {{ moment }} <= {{ observation }}.observed_at_utc + interval '3' hour
    and ({{ observation }}.next_observed_at_utc is null or {{ moment }} < {{ observation }}.next_observed_at_utc)
{%- endmacro %}
