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

)

{{ anomalies_outside('kpi_day', 'figure of a day', "'all carriers'", 'measure', 'flight_month', 'flight_date_local') }}
union all
{{ anomalies_outside('carriers_alone', 'figure of a day', 'carrier_code', 'measure', 'flight_month', 'flight_date_local') }}
union all
{{ anomalies_outside(
    'file_months', 'rows of a month', "file_name || ' (file ' || file_no || ')'", "'rows'", 'data_month', 'data_month'
) }}
union all
{{ anomalies_outside('missing_values', 'missing values', 'column_name', "'percent missing'", 'flight_month', 'flight_month') }}
union all
{{ anomalies_by_rule(
    'months', 'missing days', "case when is_complete_month then 'alarm' else 'notice' end", 'entity', 'days', 'data_month', 'data_month', 'days_of_month - days_with_flights',
    "(days_of_month - days_with_flights) || ' days of the month have no flights; a file may be truncated.'",
    'days_with_flights < days_of_month'
) }}
union all
{{ anomalies_by_rule(
    'months', 'missing months', "'notice'", 'entity', 'months', 'data_month', 'data_month', 'months_missing_before',
    "months_missing_before || ' months before this one are not loaded.'",
    'months_missing_before > 0'
) }}
union all
{{ anomalies_by_rule(
    'months', 'late file', "'notice'", 'entity', 'days late', 'data_month', 'data_month', 'days_after_due',
    "'The month came after newer ones, on ' || cast(first_received_at_utc as date) || '; it was due on ' || due_on || '.'",
    'is_late'
) }}
union all
{{ anomalies_by_rule(
    'months', 'overdue file', "'alarm'", 'entity', 'months', 'next_month', 'next_month', '1',
    "'The month was due on ' || next_due_on || ' and has not come.'",
    'is_next_overdue'
) }}
union all
{{ anomalies_by_rule(
    'ledger', 'rejected rows', "'alarm'", "file_name || ' (file ' || file_no || ')'", 'percent rejected',
    "cast(date_trunc('month', received_at_utc) as date)", 'cast(received_at_utc as date)',
    percentage('rows_rejected', 'rows_seen'),
    "rows_rejected || ' of ' || rows_seen || ' records were rejected; audit_rejects says why.'",
    'rows_rejected > 0.001 * rows_seen'
) }}
