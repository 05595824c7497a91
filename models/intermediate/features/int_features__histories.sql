with all_flights as (

    {{ missing_months_of('int_flights') }}

),

-- each flight twice: on the day that brought its outcome, and on the day on which it asks
flights as (

    select
        all_flights.*,
        uses.is_asked,
        case
            when uses.is_asked then cast({{ features_cutoff('all_flights.scheduled_departure_at_utc') }} as date)
            else cast({{ outcome_known_at('all_flights') }} as date)
        end as day_utc
    from all_flights
    -- flights of the month before answer only
    inner join (values (false), (true)) as uses (is_asked)
        on not uses.is_asked or all_flights.flight_month = {{ version_month('all_flights.month_version_id') }}

),

days as (

    select
        month_version_id,
        carrier_code,
        origin_airport_code_iata,
        destination_airport_code_iata,
        day_utc,
        bool_or(is_asked) as is_asked,
        count(*) filter (where not is_asked) as flights,
        count(*) filter (where not is_asked and is_cancelled) as cancelled,
        count(*) filter (where not is_asked and is_on_time) as on_time,
        count(is_on_time) filter (where not is_asked) as with_known_outcome,
        count(arr_delay_minutes) filter (where not is_asked) as arrivals_with_delay,
        sum(arr_delay_minutes) filter (where not is_asked) as sum_arr_delay_minutes
    from flights
    -- without a schedule a flight does not ask, without an outcome it does not answer
    where day_utc is not null
    group by month_version_id, carrier_code, origin_airport_code_iata, destination_airport_code_iata, day_utc

),

days_of_subjects as (

    select
        days.month_version_id,
        subjects.subject,
        case subjects.subject
            when 'carrier' then days.carrier_code
            when 'route' then days.origin_airport_code_iata || '-' || days.destination_airport_code_iata
        end as code,
        days.day_utc,
        sum(days.flights) as flights,
        sum(days.cancelled) as cancelled,
        sum(days.on_time) as on_time,
        sum(days.with_known_outcome) as with_known_outcome,
        sum(days.arrivals_with_delay) as arrivals_with_delay,
        sum(days.sum_arr_delay_minutes) as sum_arr_delay_minutes,
        bool_or(days.is_asked) as is_asked
    from days
    cross join (values ('carrier'), ('route')) as subjects (subject)
    group by days.month_version_id, subjects.subject, code, days.day_utc

),

-- of the whole days before that of the question: all that they brought was known by then
histories as (

    select
        *,
        sum(flights) over days_before as flights_before,
        sum(cancelled) over days_before as cancelled_before,
        sum(on_time) over days_before as on_time_before,
        sum(with_known_outcome) over days_before as with_known_outcome_before,
        sum(arrivals_with_delay) over days_before as arrivals_with_delay_before,
        sum(sum_arr_delay_minutes) over days_before as sum_arr_delay_minutes_before
    from days_of_subjects
    window days_before as (
        partition by month_version_id, subject, code order by day_utc
        range between interval '{{ history_days() }}' day preceding and interval '1' day preceding
    )

)

select
    month_version_id as version_id,
    {{ version_month('month_version_id') }} as flight_month,
    subject,
    code,
    day_utc,
    cast(coalesce(flights_before, 0) as integer) as flights,
    100 * cast(cancelled_before as {{ type_double() }}) / nullif(flights_before, 0) as cancelled_pct,
    100 * cast(on_time_before as {{ type_double() }}) / nullif(with_known_outcome_before, 0) as on_time_pct,
    cast(sum_arr_delay_minutes_before as {{ type_double() }}) / nullif(arrivals_with_delay_before, 0) as mean_arr_delay_minutes
from histories
where is_asked
