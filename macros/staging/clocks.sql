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
    A scheduled clock. Midnight, written 0 or 2400, is what files of the 1990s write where the schedule is not known: it counts
    unless actual clock and delay, which give `derived`, contradict it, and then what they give counts. Where they say nothing, a
    flight that is to leave and to arrive at midnight (`of_other_end`) has no known schedule. One hour more or less contradicts
    nothing while the other end is a clock like any: it is that of a change of clocks.
#}
{% macro scheduled_clock(stated, derived, of_other_end) -%}
    {%- set both_are_midnight = stated ~ ' % 1440 = 0 and ' ~ of_other_end ~ ' % 1440 = 0' -%}
    case
        when {{ stated }} is null then {{ derived }}
        when {{ both_are_midnight }} and coalesce({{ derived }} <> 0, true) then {{ derived }}
        when {{ stated }} % 1440 = 0 and {{ derived }} not in (0, 60, 1380) then {{ derived }}
        else {{ stated }}
    end
{%- endmacro %}


{#
    The local timestamp at which a clock without a date is first shown after a moment. Arrivals carry no date: the flight date
    is the departure's, a red-eye arrives on the next day and a flight over the date line on the day before. All flights
    take less than a day, so the first such clock after the departure is the arrival.
    The moment is given in UTC and as a local clock. Without a zone the local clocks are compared, right but for flights that
    land through several zones around midnight.
#}
{% macro clock_after(moment_utc, moment_local, clock_minutes, time_zone=none) -%}
    {%- set same_day = clock_on('cast(' ~ moment_local ~ ' as date)', clock_minutes) -%}
    case
        {%- for clock in [same_day ~ " - interval '1' day", same_day, same_day ~ " + interval '1' day"] %}
        {%- set is_after = clock ~ ' > ' ~ moment_local %}
        {%- if time_zone %}{% set is_after = 'coalesce(' ~ to_utc(clock, time_zone) ~ ' > ' ~ moment_utc ~ ', ' ~ is_after ~ ')' %}{% endif %}
        when {{ is_after }} then {{ clock }}
        {%- endfor %}
        else {{ same_day }} + interval '2' day
    end
{%- endmacro %}


{#
    The actual time in UTC: minutes count from the scheduled one, for on the night of a change the local clock may not exist, or
    exist twice. Without minutes, what the local clock says.
#}
{% macro actual_in_utc(scheduled_utc, delay_minutes, actual_local, time_zone) -%}
    coalesce({{ scheduled_utc }} + {{ delay_minutes }} * interval '1' minute, {{ to_utc(actual_local, time_zone) }})
{%- endmacro %}
