with expectations as (

    select * from {{ ref('int_monitoring__day_expectations') }}

),

spreads as (

    select
        version_id,
        flight_month,
        flight_date_local,
        carrier_code,
        measure,
        observed,
        figures_before,
        -- too few earlier days, or too few flights on them, lead to expect nothing
        case
            when figures_before >= {{ least_figures() }} and flights_before >= {{ least_flights() }} then expected
        end as expected,
        case measure
            {%- for kpi in kpis() %}
            when '{{ kpi.name }}' then {{ robust_spread('median_distance', kpi.least_spread) }}
            {%- endfor %}
        end as spread
    from expectations

)

select
    *,
    {{ expected_low('expected', 'spread') }} as expected_low,
    {{ expected_high('expected', 'spread') }} as expected_high,
    {{ is_outside('observed', 'expected', 'spread') }} as is_outside
from spreads
