with totals as (

    select * from {{ ref('int_performance__totals') }}
    where grain = 'carrier and destination' and {{ is_current('version_id', 'int_performance__totals') }}

)

{% for cause in delay_causes() -%}
select
    flight_month,
    carrier_code,
    destination_airport_code_iata as airport_code_iata,
    '{{ cause }}' as delay_cause,
    late_flights_by_{{ cause }} as late_flights,
    {{ cause }}_delay_minutes as delay_minutes
from totals
-- nothing late, or no form that says why: there is nothing to share out
where carrier_delay_minutes + weather_delay_minutes + nas_delay_minutes + security_delay_minutes + late_aircraft_delay_minutes > 0
{{ 'union all' if not loop.last }}
{% endfor %}
