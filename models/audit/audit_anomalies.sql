with kpi_day as (

    select * from {{ ref('kpi_day') }}

),

kpi_carrier_day as (

    select * from {{ ref('kpi_carrier_day') }}

),

file_months as (

    select * from {{ ref('audit_file_months') }}

),

missing_values as (

    select * from {{ ref('audit_missing_values') }}

),

months as (

    select * from {{ ref('audit_months') }}

),

ledger as (

    select * from {{ ref('audit_row_ledger') }}

),

rejects as (

    select * from {{ ref('audit_rejects') }}

),

-- a carrier on a day on which all of them together are as usual: the trouble is its own
carriers_alone as (

    select kpi_carrier_day.*
    from kpi_carrier_day
    inner join kpi_day
        on kpi_day.flight_date_local = kpi_carrier_day.flight_date_local
        and kpi_day.measure = kpi_carrier_day.measure
    where kpi_carrier_day.is_outside and not coalesce(kpi_day.is_outside, false)

),

-- Figures outside the band of what is usual, and how many times as far out they are an alarm. Days that are news come often:
-- alarms are the few a year on which all carriers together were far out.
figures as (

    select
        'figure of a day' as kind,
        'all carriers' as subject,
        measure,
        flight_date_local as found_on,
        observed,
        expected,
        expected_low,
        expected_high,
        3 as alarm_at
    from kpi_day
    where is_outside
    union all
    select
        'figure of a day' as kind,
        carrier_code as subject,
        measure,
        flight_date_local as found_on,
        observed,
        expected,
        expected_low,
        expected_high,
        cast(null as integer) as alarm_at
    from carriers_alone
    union all
    select
        'rows of a month' as kind,
        file_name || ' (file ' || file_no || ')' as subject,
        'rows' as measure,
        data_month as found_on,
        observed,
        expected,
        expected_low,
        expected_high,
        2 as alarm_at
    from file_months
    where is_outside
    union all
    select
        'missing values' as kind,
        column_name as subject,
        'percent missing' as measure,
        flight_month as found_on,
        observed,
        expected,
        expected_low,
        expected_high,
        2 as alarm_at
    from missing_values
    where is_outside

),

rejects_of_months as (

    select
        file_no,
        data_month,
        count(*) as rows_rejected
    from rejects
    group by file_no, data_month

),

-- A record whose month nobody can read belongs to the months that its file states. Reference data has no month, and a file of
-- which nothing could be read states none: there it is the one in which the file came. Where a newer file states the month
-- instead, all is well again.
rejected_by_month as (

    select
        ledger.file_name,
        ledger.file_no,
        coalesce(
            rejects_of_months.data_month, file_months.data_month, cast(date_trunc('month', ledger.received_at_utc) as date)
        ) as data_month,
        rejects_of_months.rows_rejected,
        file_months.observed,
        ledger.rows_seen
    from rejects_of_months
    inner join ledger on ledger.file_no = rejects_of_months.file_no
    left join file_months
        on file_months.file_no = rejects_of_months.file_no
        and (rejects_of_months.data_month is null or file_months.data_month = rejects_of_months.data_month)
    where file_months.file_no is not null or ledger.rows_superseded = 0

),

rejected as (

    select
        file_name,
        file_no,
        data_month,
        sum(rows_rejected) as rows_rejected,
        coalesce(sum(rows_rejected) + max(observed), max(rows_seen)) as rows_of_month
    from rejected_by_month
    group by file_name, file_no, data_month

),

-- what breaks a rule: `observed` should be 0
broken_rules as (

    select
        'missing days' as kind,
        case when is_complete_month then 'alarm' else 'notice' end as severity,
        entity as subject,
        'days' as measure,
        data_month as found_on,
        days_of_month - days_with_flights as observed,
        (days_of_month - days_with_flights) || ' days of the month have no flights; a file may be truncated.' as explanation
    from months
    where days_with_flights < days_of_month
    union all
    select
        'missing months' as kind,
        'notice' as severity,
        entity as subject,
        'months' as measure,
        data_month as found_on,
        months_missing_before as observed,
        months_missing_before || ' months before this one are not loaded.' as explanation
    from months
    where months_missing_before > 0
    union all
    select
        'late file' as kind,
        'notice' as severity,
        entity as subject,
        'days late' as measure,
        data_month as found_on,
        days_after_due as observed,
        'The month came after newer ones, on ' || cast(first_received_at_utc as date) || '; it was due on ' || due_on || '.'
            as explanation
    from months
    where is_late
    union all
    select
        'overdue file' as kind,
        'alarm' as severity,
        entity as subject,
        'months' as measure,
        next_month as found_on,
        1 as observed,
        'The month was due on ' || next_due_on || ' and has not come.' as explanation
    from months
    where is_next_overdue
    union all
    select
        'rejected rows' as kind,
        'alarm' as severity,
        file_name || ' (file ' || file_no || ')' as subject,
        'percent rejected' as measure,
        data_month as found_on,
        {{ percentage('rows_rejected', 'rows_of_month') }} as observed,
        rows_rejected || ' of ' || cast(rows_of_month as bigint) || ' records were rejected; audit_rejects says why.'
            as explanation
    from rejected
    where rows_rejected > 0.001 * rows_of_month

)

select
    kind,
    -- the end that is nearer may be where a figure cannot go on: no share is above 100 %
    case
        when abs(observed - expected) > alarm_at * greatest(expected_high - expected, expected - expected_low) then 'alarm'
        else 'notice'
    end as severity,
    subject,
    measure,
    cast(date_trunc('month', found_on) as date) as data_month,
    found_on,
    observed,
    expected,
    expected_low,
    expected_high,
    subject || ': ' || measure || ' ' || cast(observed as numeric(12, 1)) || ', where ' || cast(expected_low as numeric(12, 1))
    || ' to ' || cast(expected_high as numeric(12, 1)) || ' is usual.' as explanation
from figures
union all
select
    kind,
    severity,
    subject,
    measure,
    cast(date_trunc('month', found_on) as date) as data_month,
    found_on,
    cast(observed as numeric(12, 4)) as observed,
    cast(0 as numeric(12, 4)) as expected,
    cast(0 as numeric(12, 4)) as expected_low,
    cast(0 as numeric(12, 4)) as expected_high,
    explanation
from broken_rules
