with day_figures as (

    {{ missing_months_of('int_monitoring__day_figures') }}

),

weeks (days_before) as (

    values
    {% for days in days_to_compare_with() -%}
    ({{ days }}){{ ',' if not loop.last }}
    {% endfor %}
),

measures (measure) as (

    values
    {% for kpi in kpis() -%}
    ('{{ kpi.name }}'){{ ',' if not loop.last }}
    {% endfor %}
),

-- those of the month, and of the other months that it is compared with, one row per measure
figures as (

    select
        day_figures.month_version_id,
        day_figures.flight_month,
        day_figures.flight_date_local,
        day_figures.carrier_code,
        day_figures.flights,
        measures.measure,
        case measures.measure
            {%- for kpi in kpis() %}
            when '{{ kpi.name }}' then day_figures.{{ kpi.name }}
            {%- endfor %}
        end as observed
    from day_figures
    cross join measures

),

-- days before alone: what comes later does not change what was expected
pairs as (

    select
        figures.*,
        earlier.observed as earlier_observed,
        earlier.flights as flights_then
    from figures
    cross join weeks
    left join figures as earlier
        on earlier.month_version_id = figures.month_version_id
        and earlier.carrier_code = figures.carrier_code
        and earlier.flight_date_local = figures.flight_date_local - weeks.days_before
        and earlier.measure = figures.measure
    where figures.flight_month = {{ version_month('figures.month_version_id') }}

),

medians as (

    select
        month_version_id,
        flight_date_local,
        carrier_code,
        measure,
        percentile_cont(0.5) within group (order by earlier_observed) as expected,
        avg(flights_then) as flights_before
    from pairs
    group by month_version_id, flight_date_local, carrier_code, measure

)

-- ten digits first: the mean of two figures ends in a 5 at the fifth, which an engine may have as 4.99999...
select
    pairs.month_version_id as version_id,
    pairs.flight_month,
    pairs.flight_date_local,
    pairs.carrier_code,
    pairs.measure,
    cast(pairs.observed as numeric(12, 4)) as observed,
    count(pairs.earlier_observed) as figures_before,
    cast(medians.flights_before as numeric(12, 2)) as flights_before,
    cast(cast(medians.expected as numeric(38, 10)) as numeric(12, 4)) as expected,
    cast(
        cast(
            percentile_cont(0.5) within group (order by abs(pairs.earlier_observed - medians.expected)) as numeric(38, 10)
        ) as numeric(12, 4)
    ) as median_distance
from pairs
inner join medians
    on medians.month_version_id = pairs.month_version_id
    and medians.flight_date_local = pairs.flight_date_local
    and medians.carrier_code = pairs.carrier_code
    and medians.measure = pairs.measure
group by
    pairs.month_version_id, pairs.flight_month, pairs.flight_date_local, pairs.carrier_code, pairs.measure, pairs.observed,
    medians.flights_before, medians.expected
