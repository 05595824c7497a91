with predictions as (

    select * from {{ ref('fct_delay_predictions') }}

),

flights as (

    select * from {{ ref('fct_flights') }}

),

outcomes as (

    select
        predictions.*,
        -- unknown of flights that did not arrive as scheduled, and of those that are not loaded
        flights.arr_delay_minutes >= {{ late_minutes() }} as is_late,
        predictions.predicted_at_utc < flights.scheduled_departure_at_utc as is_ahead
    from predictions
    left join flights
        on flights.flight_month = predictions.flight_month and flights.flight_key = predictions.flight_key

),

-- two hours before nobody knows which flights will be cancelled: they are among the predictions, and not among the flights
months as (

    select
        model_version,
        flight_month,
        bool_or(is_training_month) as is_training_month,
        count(*) as predictions,
        count(*) filter (where is_ahead) as predictions_ahead,
        {{ shares_of_bands('late_probability') }}
    from outcomes
    group by model_version, flight_month

),

ranked as (

    select
        *,
        rank() over (partition by model_version, flight_month order by late_probability) as probability_rank,
        count(*) over (partition by model_version, flight_month, late_probability) as sharing_rank,
        count(*) over (partition by model_version, flight_month) as flights_of_month
    from outcomes
    where is_late is not null

),

parts as (

    select
        model_version,
        flight_month,
        count(*) as flights,
        count(*) filter (where is_late) as late,
        sum(late_probability) as expected,
        sum(late_probability_low) as expected_low,
        sum(late_probability_high) as expected_high,
        sum({{ log_loss('late_probability', 'is_late') }}) as log_losses,
        sum(power(late_probability - case when is_late then 1 else 0 end, 2)) as squared_errors,
        -- equals share the mean of their ranks; twice as much is a whole number
        sum(case when is_late then 2 * probability_rank + sharing_rank - 1 else 0 end) as twice_ranks_of_late
    from ranked
    group by model_version, flight_month, {{ prediction_part('probability_rank', 'flights_of_month') }}

),

scores as (

    select
        model_version,
        flight_month,
        sum(flights) as flights,
        sum(late) as late,
        {{ percentage('sum(late)', 'sum(flights)') }} as late_pct,
        100 * sum(expected) / sum(flights) as predicted_late_pct,
        (cast(sum(twice_ranks_of_late) as {{ type_double() }}) - sum(late) * (sum(late) + 1))
        / nullif(2 * sum(late) * (sum(flights) - sum(late)), 0) as auc,
        sum(log_losses) / sum(flights) as log_loss,
        sum(squared_errors) / sum(flights) as brier_score,
        sum(abs(expected - late)) / sum(flights) as calibration_error,
        100 * avg(case when late between expected_low and expected_high then 1 when expected_low <= expected_high then 0 end)
            as in_interval_pct
    from parts
    group by model_version, flight_month

)

select
    months.model_version,
    months.flight_month,
    months.is_training_month,
    months.predictions,
    months.predictions_ahead,
    cast(coalesce(scores.flights, 0) as bigint) as flights,
    cast(scores.late as bigint) as late,
    cast(scores.late_pct as numeric(7, 4)) as late_pct,
    cast(scores.predicted_late_pct as numeric(7, 4)) as predicted_late_pct,
    cast(scores.auc as numeric(7, 6)) as auc,
    cast(scores.log_loss as numeric(9, 6)) as log_loss,
    cast(scores.brier_score as numeric(7, 6)) as brier_score,
    cast(scores.calibration_error as numeric(7, 6)) as calibration_error,
    cast(scores.in_interval_pct as numeric(7, 4)) as in_interval_pct,
    cast({{ stability_index('months') }} as numeric(12, 6)) as drift
from months
left join scores on scores.model_version = months.model_version and scores.flight_month = months.flight_month
