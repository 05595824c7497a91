with expectations as (

    select * from {{ ref('int_monitoring__day_expectations') }}
    where
        {{ is_current('version_id', 'int_monitoring__day_expectations') }}
        and carrier_code = '{{ all_carriers() }}'

)

{{ bounds_of_days('expectations', ['flight_month', 'flight_date_local', 'measure']) }}
