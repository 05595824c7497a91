with counts as (

    select * from {{ ref('int_monitoring__missing_values') }}
    where {{ is_current('version_id', 'int_monitoring__missing_values') }}

),

figures as (

    select
        column_name as series,
        flight_month as data_month,
        {{ percentage('values_missing', 'values_due') }} as observed
    from counts

),

expectations as (

    {{ expected_of_months_before('figures') }}

),

-- two percentage points are normal in any case
bands as (

    select
        figures.*,
        expectations.expected,
        {{ robust_spread('expectations.median_distance', 0.5) }} as spread
    from figures
    left join expectations on expectations.series = figures.series and expectations.data_month = figures.data_month

)

select
    counts.flight_month,
    counts.column_name,
    counts.values_due,
    counts.values_missing,
    cast(bands.observed as numeric(12, 4)) as observed,
    cast(bands.expected as numeric(12, 4)) as expected,
    {{ expected_low('bands.expected', 'bands.spread', percent()[0]) }} as expected_low,
    {{ expected_high('bands.expected', 'bands.spread', percent()[1]) }} as expected_high,
    -- values that come where they used to be missing are no fault
    {{ is_outside('bands.observed', 'bands.expected', 'bands.spread') }} and bands.observed > bands.expected as is_outside
from counts
inner join bands on bands.series = counts.column_name and bands.data_month = counts.flight_month
