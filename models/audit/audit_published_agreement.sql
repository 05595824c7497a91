{%- set measures = ['flights', 'late', 'cancelled', 'diverted', 'sum_late_arrival_minutes', 'carrier_delay_minutes',
                    'weather_delay_minutes', 'nas_delay_minutes', 'security_delay_minutes', 'late_aircraft_delay_minutes'] -%}

with totals as (

    select * from {{ ref('int_performance__totals') }}
    where grain = 'carrier and destination' and {{ is_current('version_id', 'int_performance__totals') }}

),

published as (

    select * from {{ ref('int_delays__records') }}
    where {{ is_current('version_id', 'int_delays__records') }} and not is_duplicate

),

versions as (

    select * from {{ ref('month_versions') }}
    where known_to_utc is null

),

-- months without published totals have nothing to agree with
months as (

    select
        published_months.data_month,
        coalesce(our_months.is_complete_month, false) as is_complete_month
    from versions as published_months
    left join versions as our_months
        on our_months.data_month = published_months.data_month
        and our_months.model_name = 'int_performance__totals'
    where published_months.model_name = 'int_delays__records'

),

pairs as (

    select
        coalesce(totals.flight_month, published.data_month) as flight_month,
        coalesce(totals.carrier_code, published.carrier_code) as carrier_code,
        coalesce(totals.destination_airport_code_iata, published.airport_code_iata) as airport_code_iata,
        {% for measure in measures -%}
        totals.{{ measure }} as our_{{ measure }},
        published.{{ measure }} as published_{{ measure }},
        {% endfor -%}
        totals.with_known_outcome
    from totals
    full outer join published
        on published.data_month = totals.flight_month
        and published.carrier_code = totals.carrier_code
        and published.airport_code_iata = totals.destination_airport_code_iata

),

compared as (

    select
        pairs.*,
        months.is_complete_month,
        {{ names_of_differences(measures) }} as differing_measures
    from pairs
    inner join months on months.data_month = pairs.flight_month
    -- BTS lists airports that a carrier did not fly to: where neither side has flights, nothing agrees
    where coalesce(pairs.our_flights, 0) + coalesce(pairs.published_flights, 0) > 0

)

select
    flight_month,
    carrier_code,
    airport_code_iata,
    case
        when differing_measures = '' then 'equal'
        -- extracts hold some of the flights, and some forms state neither arrivals nor what delayed a flight
        when not is_complete_month and coalesce(our_flights, 0) < coalesce(published_flights, 0) then 'incomplete'
        when with_known_outcome < our_flights then 'incomplete'
        when
            our_flights = published_flights and our_sum_late_arrival_minutes > 0
            and our_carrier_delay_minutes + our_weather_delay_minutes + our_nas_delay_minutes + our_security_delay_minutes
            + our_late_aircraft_delay_minutes = 0
            then 'incomplete'
        else 'differs'
    end as agreement,
    {%- for measure in measures %}
    cast(our_{{ measure }} as bigint) as {{ measure }},
    cast(published_{{ measure }} as bigint) as published_{{ measure }},
    {%- endfor %}
    differing_measures
from compared
