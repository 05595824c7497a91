{# Clocks of one day, and the day that a clock without a date belongs to. #}

{# The local timestamp of a clock, given as minutes after midnight, on a date; 1440 is the midnight that ends it. #}
{% macro clock_on(date, clock_minutes) -%}
    cast({{ date }} as timestamp) + {{ clock_minutes }} * interval '1' minute
{%- endmacro %}


{# The clock so many minutes before another one, on whatever day, as minutes after midnight. #}
{% macro clock_before(clock_minutes, minutes) -%}
    ((({{ clock_minutes }}) - ({{ minutes }})) % 1440 + 1440) % 1440
{%- endmacro %}


{#
    The local timestamp at which a clock without a date is first shown after a moment. Arrivals carry no date: the flight date
    is the departure's, a red-eye arrives on the next day and a flight over the date line on the day before. All flights
    take less than a day, so the first such clock after the departure is the arrival.
    The moment is given in UTC and as a local clock. Without a zone the local clocks are compared, right but for flights that
    land through several zones around midnight.
#}
{% macro clock_after(moment_utc, moment_local, date, clock_minutes, time_zone=none) -%}
    {%- set candidate = clock_on(date, clock_minutes) -%}
    {%- set minutes_after = minutes_between(moment_local, candidate) -%}
    {%- if time_zone -%}
        {%- set minutes_after = 'coalesce(' ~ minutes_between(moment_utc, to_utc(candidate, time_zone)) ~ ', ' ~ minutes_after ~ ')' -%}
    {%- endif -%}
    {{ candidate }} + (1 - ceiling({{ minutes_after }} / 1440.0)) * interval '1' day
{%- endmacro %}
