{# Clocks. Local timestamps carry no zone; UTC timestamps carry none either and end in _at_utc. #}

{#
    A local clock in UTC. On the days of clock change both engines do the same: a clock that does not exist (02:30 in spring)
    counts as if the clocks had not yet gone forward, one that exists twice (01:30 in autumn) as standard time, the second.
#}
{% macro to_utc(local_timestamp, time_zone) %}{{ return(adapter.dispatch('to_utc')(local_timestamp, time_zone)) }}{% endmacro %}

{% macro default__to_utc(local_timestamp, time_zone) -%}
    (({{ local_timestamp }}) at time zone {{ time_zone }} at time zone 'UTC')
{%- endmacro %}

{# Spark takes the first of two; an hour later the clock shows the same only where it is set back. #}
{% macro spark__to_utc(local_timestamp, time_zone) -%}
    {%- set first = "to_utc_timestamp(" ~ local_timestamp ~ ", " ~ time_zone ~ ")" -%}
    case
        when from_utc_timestamp({{ first }} + interval '1' hour, {{ time_zone }}) = {{ local_timestamp }} then {{ first }} + interval '1' hour
        else {{ first }}
    end
{%- endmacro %}


{# UTC as the local clock of a zone. #}
{% macro from_utc(utc_timestamp, time_zone) %}{{ return(adapter.dispatch('from_utc')(utc_timestamp, time_zone)) }}{% endmacro %}

{% macro default__from_utc(utc_timestamp, time_zone) -%}
    (({{ utc_timestamp }}) at time zone 'UTC' at time zone {{ time_zone }})
{%- endmacro %}

{% macro spark__from_utc(utc_timestamp, time_zone) -%}
    from_utc_timestamp({{ utc_timestamp }}, {{ time_zone }})
{%- endmacro %}


{# Whole minutes from one timestamp to another, negative when the second is earlier. #}
{% macro minutes_between(earlier, later) %}{{ return(adapter.dispatch('minutes_between')(earlier, later)) }}{% endmacro %}

{% macro default__minutes_between(earlier, later) -%}
    cast(extract(epoch from ({{ later }}) - ({{ earlier }})) / 60 as integer)
{%- endmacro %}

{% macro spark__minutes_between(earlier, later) -%}
    cast((unix_timestamp({{ later }}) - unix_timestamp({{ earlier }})) / 60 as int)
{%- endmacro %}


{# Whole days from one date to another, negative when the second is earlier. #}
{% macro days_between(earlier, later) %}{{ return(adapter.dispatch('days_between')(earlier, later)) }}{% endmacro %}

{% macro default__days_between(earlier, later) -%} ({{ later }} - {{ earlier }}) {%- endmacro %}

{% macro spark__days_between(earlier, later) -%} datediff({{ later }}, {{ earlier }}) {%- endmacro %}


{# The last quarter of an hour at or before a moment: 10:45 of 10:59. #}
{% macro quarter_of_hour(moment) %}{{ return(adapter.dispatch('quarter_of_hour')(moment)) }}{% endmacro %}

{% macro default__quarter_of_hour(moment) -%}
    date_bin(interval '15' minute, {{ moment }}, timestamp '2000-01-01')
{%- endmacro %}

{% macro spark__quarter_of_hour(moment) -%}
    timestamp_seconds(unix_timestamp({{ moment }}) - unix_timestamp({{ moment }}) % 900)
{%- endmacro %}


{# Is a text the name of a time zone that the engine knows? An unknown one would stop a whole build. #}
{% macro is_time_zone(name) %}{{ return(adapter.dispatch('is_time_zone')(name)) }}{% endmacro %}

{% macro default__is_time_zone(name) -%}
    ({{ name }} in (select pg_timezone_names.name from pg_timezone_names))
{%- endmacro %}

{% macro spark__is_time_zone(name) -%}
    (try_to_timestamp(concat('2000-01-01 00:00:00 ', {{ name }}), 'yyyy-MM-dd HH:mm:ss VV') is not null)
{%- endmacro %}


{# ISO day of the week: Monday = 1, Sunday = 7. #}
{% macro iso_dow(date) %}{{ return(adapter.dispatch('iso_dow')(date)) }}{% endmacro %}

{% macro default__iso_dow(date) -%} cast(extract(isodow from {{ date }}) as integer) {%- endmacro %}

{% macro spark__iso_dow(date) -%} cast(extract(dayofweek_iso from {{ date }}) as int) {%- endmacro %}


{# One row per day, column `date_day`, both ends included. #}
{% macro date_spine(first_day, last_day) %}{{ return(adapter.dispatch('date_spine')(first_day, last_day)) }}{% endmacro %}

{% macro default__date_spine(first_day, last_day) -%}
    select cast(day as date) as date_day
    from generate_series(date '{{ first_day }}', date '{{ last_day }}', interval '1' day) as days (day)
{%- endmacro %}

{% macro spark__date_spine(first_day, last_day) -%}
    select explode(sequence(date '{{ first_day }}', date '{{ last_day }}', interval '1' day)) as date_day
{%- endmacro %}


{# A timestamp that knows its zone, as it comes from Postgres, in UTC. #}
{% macro timestamptz_to_utc(column) %}{{ return(adapter.dispatch('timestamptz_to_utc')(column)) }}{% endmacro %}

{% macro default__timestamptz_to_utc(column) -%} ({{ column }} at time zone 'UTC') {%- endmacro %}

{% macro spark__timestamptz_to_utc(column) -%} {{ column }} {%- endmacro %}


{# The day on which somebody asks. A macro, so that unit tests can say which. #}
{% macro today() -%} current_date {%- endmacro %}


{# Rows instead of one: the first days of the months from one to another, which is not earlier, in the list of a select. #}
{% macro each_month(first, last) %}{{ return(adapter.dispatch('each_month')(first, last)) }}{% endmacro %}

{% macro default__each_month(first, last) -%}
    cast(generate_series(cast({{ first }} as timestamp), cast({{ last }} as timestamp), interval '1' month) as date)
{%- endmacro %}

{% macro spark__each_month(first, last) -%} explode(sequence({{ first }}, {{ last }}, interval '1' month)) {%- endmacro %}
