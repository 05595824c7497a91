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
        count(distinct flight_date_local) as days_with_flights
    from day_figures
    group by flight_month

),

months as (

    select
        case model_name
            when 'int_flights__records' then 'flights'
            when 'int_weather__records' then 'weather'
            when 'int_delays__records' then 'delay_causes'
        end as entity,
        data_month,
        count(*) as releases,
        min(known_from_utc) as first_received_at_utc,
        max(known_from_utc) as last_received_at_utc,
        bool_or(is_complete_month and known_to_utc is null) as is_complete_month
    from versions
    where model_name in ('int_flights__records', 'int_weather__records', 'int_delays__records')
    group by model_name, data_month

),

due as (

    select
        *,
        -- BTS releases a month within three months of its end
        {{ months_after('data_month', 4) }} as due_on,
        {{ months_after('data_month', 1) }} as next_month,
        {{ months_after('data_month', 5) }} as next_due_on,
        cast(12 * extract(year from data_month) + extract(month from data_month) as integer) as months_counted,
        case
            when cast(first_received_at_utc as date) < {{ months_after('data_month', 4) }} then first_received_at_utc
        end as received_in_time_at_utc
    from months

),

-- of the year around a month, months that came in time: the series was followed before, and went on without it
neighbours as (

    select
        *,
        cast(extract(day from next_month - interval '1' day) as integer) as days_of_month,
        months_counted - lag(months_counted) over by_month - 1 as months_missing_before,
        lead(data_month) over by_month as month_after,
        count(received_in_time_at_utc) over (
            partition by entity order by data_month rows between 12 preceding and 1 preceding
        ) as in_time_before,
        min(received_in_time_at_utc) over (
            partition by entity order by data_month rows between 1 following and 12 following
        ) as newer_received_at_utc
    from due
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
        floor(
            {{ minutes_between('cast(neighbours.due_on as timestamp)', 'neighbours.first_received_at_utc') }} / 1440.0
        ) as integer
    ) as days_after_due,
    neighbours.next_month,
    neighbours.next_due_on,
    -- history that is loaded years after, in one go or bit by bit, is not late
    neighbours.received_in_time_at_utc is null
    and neighbours.in_time_before > 0
    and coalesce(neighbours.first_received_at_utc >= neighbours.newer_received_at_utc + interval '1' day, false) as is_late,
    neighbours.month_after is null
    and neighbours.received_in_time_at_utc is not null
    and {{ today() }} >= neighbours.next_due_on as is_next_overdue,
    neighbours.months_missing_before,
    neighbours.days_of_month,
    case when neighbours.entity = 'flights' then coalesce(flight_days.days_with_flights, 0) end as days_with_flights,
    neighbours.last_received_at_utc
from neighbours
left join flight_days on flight_days.data_month = neighbours.data_month
