with seen_months as (

    select * from {{ ref('audit_seen_months') }}

),

spans as (

    select
        entity,
        min(data_month) as first_month,
        max(data_month) as last_month,
        max(case when is_in_time then data_month end) as last_month_in_time
    from seen_months
    group by entity

),

-- A series is followed when one of its last twelve months came in time: all that have ended are expected of it. Of history that
-- was loaded years later nobody expects more than is between its first month and its last.
ends as (

    select
        *,
        case
            when last_month_in_time > {{ months_after('last_month', -12) }}
                then greatest(last_month, {{ months_after("cast(date_trunc('month', " ~ today() ~ ") as date)", -1) }})
            else last_month
        end as last_expected_month
    from spans

),

expected as (

    select
        entity,
        {{ each_month('first_month', 'last_expected_month') }} as data_month
    from ends

),

joined as (

    select
        expected.entity,
        expected.data_month,
        coalesce(seen_months.releases, 0) as releases,
        coalesce(seen_months.is_held, false) as is_held,
        seen_months.last_seen_at_utc,
        {{ months_after('expected.data_month', 4) }} as due_on,
        coalesce(flight_months.releases > 0, false) as has_flights
    from expected
    left join seen_months on seen_months.entity = expected.entity and seen_months.data_month = expected.data_month
    left join seen_months as flight_months
        on flight_months.entity = 'flights' and flight_months.data_month = expected.data_month

)

select
    entity,
    data_month,
    case
        when is_held then 'held'
        -- weather comes bit by bit
        when releases > 1 and entity <> 'weather' then 'restated'
        when releases > 0 then 'loaded'
        when last_seen_at_utc is not null then 'failed'
        when due_on > {{ today() }} then 'not yet'
        else 'missing'
    end as state,
    releases,
    last_seen_at_utc,
    due_on
from joined
-- weather follows the flights: of a month without any, nobody needs it
where entity <> 'weather' or has_flights or last_seen_at_utc is not null
