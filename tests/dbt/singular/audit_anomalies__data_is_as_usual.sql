{{ config(severity='warn', meta={'owner': 'Warehouse', 'until': '2027-06-30'}) }}
-- Alarms about the data itself in months that are to be published: rows, values or days that are missing, records that were
-- rejected, months that do not come. What happened to the flights of a day is news, and no fault of the data.
with anomalies as (

    select * from {{ ref('audit_anomalies') }}

),

month_versions as (

    select * from {{ ref('month_versions') }}

)

select *
from anomalies
where
    severity = 'alarm'
    and kind <> 'figure of a day'
    and (
        data_month in ({{ pending_months() }})
        or kind = 'overdue file'
        -- nothing is published of the month: all that a file says of it was rejected, or the file has no months
        or (kind = 'rejected rows' and data_month not in (select month_versions.data_month from month_versions))
    )
