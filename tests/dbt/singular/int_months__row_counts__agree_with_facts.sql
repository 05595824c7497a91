-- The ledger's counts are those of the rows that readers see, file by file.
with row_counts as (

    select * from {{ ref('int_months__row_counts') }}
    where version_id in ({{ pending_versions() }})

),

facts as (

    select
        source_file_no,
        flight_month as data_month
    from {{ ref('fct_flights') }}
    where flight_month in ({{ pending_months() }})
    union all
    select
        source_file_no,
        observation_month_utc as data_month
    from {{ ref('fct_weather_hourly') }}
    where observation_month_utc in ({{ pending_months() }})
    union all
    -- the published totals are shown beside ours, by files that no column names
    select
        source_file_no,
        data_month
    from {{ ref('int_delay_causes__records') }}
    where
        {{ is_current('version_id', 'int_delay_causes__records') }}
        and not is_duplicate
        and data_month in ({{ pending_months() }})

),

counted as (

    select
        source_file_no,
        sum(rows_published) as rows_published
    from row_counts
    group by source_file_no

),

seen as (

    select
        source_file_no,
        count(*) as rows_seen
    from facts
    group by source_file_no

)

select
    coalesce(counted.source_file_no, seen.source_file_no) as source_file_no,
    counted.rows_published,
    seen.rows_seen
from counted
full outer join seen on seen.source_file_no = counted.source_file_no
where coalesce(counted.rows_published, 0) <> coalesce(seen.rows_seen, 0)
