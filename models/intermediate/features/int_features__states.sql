with all_flights as (

    {{ missing_months_of('int_flights') }}

),

-- of the month before, what can be seen at the beginning of this one
flights as (

    select * from all_flights
    where scheduled_departure_at_utc >= {{ version_month('month_version_id') }} - interval '3' day

),

{% for subject in state_subjects() -%}
{{ subject.name }}_moments as (

    {% for it in state_happenings() if it.what == subject.counts -%}
    select
        month_version_id,
        {{ subject.code }} as code,
        -- what happens between two quarters of an hour is known at the second; clocks are in whole minutes
        {{ quarter_of_hour(it.at ~ " + interval '14' minute") }} as state_at_utc,
        false as is_asked,
        {{ 1 if it.delay else 0 }} as movements,
        {{ it.delay or 0 }} as delay_minutes,
        {{ it.waiting or 0 }} as waiting
    from flights
    where {{ it.where }}
    union all
    {% endfor -%}
    select
        month_version_id,
        {{ subject.code }} as code,
        {{ quarter_of_hour(features_cutoff('scheduled_departure_at_utc')) }} as state_at_utc,
        true as is_asked,
        0 as movements,
        0 as delay_minutes,
        0 as waiting
    from flights
    where flight_month = {{ version_month('month_version_id') }}

),

{{ subject.name }}_states as (

    select
        month_version_id,
        code,
        state_at_utc,
        bool_or(is_asked) as is_asked,
        sum(sum(movements)) over lately as movements,
        sum(sum(delay_minutes)) over lately as delay_minutes,
        sum(count(*) filter (where delay_minutes >= {{ late_minutes() }})) over lately as late,
        sum(sum(waiting)) over (partition by month_version_id, code order by state_at_utc rows unbounded preceding) as waiting
    from {{ subject.name }}_moments
    group by month_version_id, code, state_at_utc
    window lately as (
        partition by month_version_id, code order by state_at_utc
        range between interval '{{ state_minutes() - 15 }}' minute preceding and current row
    )

){{ ',' if not loop.last }}

{% endfor -%}

{% for subject in state_subjects() -%}
select
    month_version_id as version_id,
    {{ version_month('month_version_id') }} as flight_month,
    '{{ subject.name }}' as subject,
    code,
    state_at_utc,
    cast(movements as integer) as movements,
    cast(delay_minutes as {{ type_double() }}) / nullif(movements, 0) as mean_delay_minutes,
    100 * cast(late as {{ type_double() }}) / nullif(movements, 0) as late_pct,
    cast(waiting as integer) as waiting
from {{ subject.name }}_states
where is_asked
{{ 'union all' if not loop.last }}
{% endfor -%}
