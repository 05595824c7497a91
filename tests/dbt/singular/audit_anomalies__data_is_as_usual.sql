{{ config(severity='warn', meta={'owner': 'Warehouse', 'until': '2027-06-30'}) }}
-- Alarms about the data itself in months that are to be published: rows, values or days that are missing, months that do not
-- come. What happened to the flights of a day is news, and no fault of the data.
with anomalies as (

    select * from {{ ref('audit_anomalies') }}

)

select *
from anomalies
where
    severity = 'alarm'
    and kind <> 'figure of a day'
    and (data_month in ({{ pending_months() }}) or kind = 'overdue file')
