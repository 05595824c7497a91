{%- set sums = ['flights', 'cancelled', 'on_time', 'with_known_outcome', 'arrivals_with_delay', 'sum_arr_delay_minutes'] -%}

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

subjects as (

    {% for subject in history_subjects() -%}
    select
        month_version_id,
        '{{ subject.name }}' as subject,
        {{ subject.code }} as code,
        day_utc,
        {%- for measure in sums %}
        sum({{ measure }}) as {{ measure }},
        {%- endfor %}
        bool_or(is_asked) as is_asked
    from days
    group by month_version_id, {{ subject.code }}, day_utc
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- of the whole days before that of the question: all that they brought was known by then
histories as (

    select
        month_version_id,
        subject,
        code,
        day_utc,
        {%- for measure in sums %}
        sum({{ measure }}) over days_before as {{ measure }},
        {%- endfor %}
        is_asked
    from subjects
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
    cast(coalesce(flights, 0) as integer) as flights,
    100 * cast(cancelled as {{ type_double() }}) / nullif(flights, 0) as cancelled_pct,
    100 * cast(on_time as {{ type_double() }}) / nullif(with_known_outcome, 0) as on_time_pct,
    cast(sum_arr_delay_minutes as {{ type_double() }}) / nullif(arrivals_with_delay, 0) as mean_arr_delay_minutes
from histories
where is_asked
