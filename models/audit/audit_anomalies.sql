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

-- a carrier on a day on which all of them together are as usual: the trouble is its own
carriers_alone as (

    select kpi_carrier_day.*
    from kpi_carrier_day
    inner join kpi_day
        on kpi_day.flight_date_local = kpi_carrier_day.flight_date_local
        and kpi_day.measure = kpi_carrier_day.measure
    where kpi_carrier_day.is_outside and not coalesce(kpi_day.is_outside, false)

),

-- figures outside the band of what is usual
figures as (

    select
        'figure of a day' as kind,
        'all carriers' as subject,
        measure,
        flight_date_local as found_on,
        observed,
        expected,
        expected_low,
        expected_high
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
        expected_high
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
        expected_high
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
        expected_high
    from missing_values
    where is_outside

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
        cast(received_at_utc as date) as found_on,
        {{ percentage('rows_rejected', 'rows_seen') }} as observed,
        rows_rejected || ' of ' || rows_seen || ' records were rejected; audit_rejects says why.' as explanation
    from ledger
    where rows_rejected > 0.001 * rows_seen

)

select
    kind,
    case when abs(observed - expected) > 2 * (expected_high - expected) then 'alarm' else 'notice' end as severity,
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
