with flights as (

    select * from {{ ref('int_flights') }}

)

select
    flights.flight_key,
    flights.flight_month,
    {{ flight_columns('flights') }},
    {{ is_late('flights') }} as is_late,
    {{ is_tarmac_delay('flights') }} as is_tarmac_delay,
    {%- for minutes in long_delays_minutes() %}
    {{ is_late_by('flights', minutes) }} as is_late_{{ minutes }}_minutes,
    {%- endfor %}
    case when flights.is_cancelled then {{ cancellation_reason('flights.cancellation_code') }} end as cancellation_reason
from flights
where {{ is_current('flights.version_id', 'int_flights__records') }}
