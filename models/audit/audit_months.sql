{%- set records = {'flights': 'int_flights__records', 'weather': 'int_weather__records', 'delay_causes': 'int_delays__records'} -%}

with versions as (

    select * from {{ ref('month_versions') }}

),

day_figures as (

    select * from {{ ref('int_monitoring__day_figures') }}
    where {{ is_current('version_id', 'int_monitoring__day_figures') }}

),

flight_days as (

    select
        flight_month as data_month,
        count(distinct flight_date_local) as days
    from day_figures
    group by flight_month

),

months as (

    select
        case model_name
            {%- for entity, model in records.items() %}
            when '{{ model }}' then '{{ entity }}'
            {%- endfor %}
        end as entity,
        data_month,
        count(*) as releases,
        min(known_from_utc) as first_received_at_utc,
        bool_or(is_complete_month and known_to_utc is null) as is_complete_month
    from versions
    where model_name in ('{{ records.values() | join("', '") }}')
    group by model_name, data_month

),

neighbours as (

    select
        *,
        lag(data_month) over by_month as month_before,
        lead(data_month) over by_month as month_after,
        min(first_received_at_utc) over (
            partition by entity order by data_month rows between 1 following and unbounded following
        ) as newer_month_received_at_utc,
        -- BTS releases a month within three months of its end
        {{ months_after('data_month', 4) }} as due_on,
        {{ months_after('data_month', 1) }} as next_month
    from months
    window by_month as (partition by entity order by data_month)

)

select
    neighbours.entity,
    neighbours.data_month,
    neighbours.releases,
    neighbours.is_complete_month,
    neighbours.first_received_at_utc,
    neighbours.due_on,
    cast(
        floor({{ minutes_between('cast(neighbours.due_on as timestamp)', 'neighbours.first_received_at_utc') }} / 1440.0) as integer
    ) as days_after_due,
    neighbours.next_month,
    {{ months_after('neighbours.due_on', 1) }} as next_due_on,
    -- what is loaded in one go is no late file, in whatever order: newer months have to be there for a day
    coalesce(
        cast(neighbours.first_received_at_utc as date) >= neighbours.due_on
        and neighbours.first_received_at_utc >= neighbours.newer_month_received_at_utc + interval '1' day,
        false
    ) as is_late,
    -- of a series that is kept up to date the next month should be there by its day
    neighbours.month_after is null
    and cast(neighbours.first_received_at_utc as date) < neighbours.due_on
    and current_date >= {{ months_after('neighbours.due_on', 1) }} as is_next_overdue,
    12 * cast(extract(year from neighbours.data_month) - extract(year from neighbours.month_before) as integer)
    + cast(extract(month from neighbours.data_month) - extract(month from neighbours.month_before) as integer)
    - 1 as months_missing_before,
    cast(extract(day from neighbours.next_month - interval '1' day) as integer) as days_of_month,
    case when neighbours.entity = 'flights' then coalesce(flight_days.days, 0) end as days_with_flights
from neighbours
left join flight_days on flight_days.data_month = neighbours.data_month
