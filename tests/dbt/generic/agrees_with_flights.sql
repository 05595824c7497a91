{#
    Totals by month agree with the flights that they add up. `counted` is how often a flight counts (an airport's totals count it
    as a departure and as an arrival). `counting` is a condition for marts that cannot place every flight: selections may leave out
    what it takes. Fails with the months that differ, both sides beside each other.
#}
{% test agrees_with_flights(model, flights, counted=1, counting='true') %}

with totals as (

    select
        flight_month,
        sum(flights) as flights,
        sum(cancelled) as cancelled,
        sum(diverted) as diverted,
        sum(on_time) as on_time,
        sum(late) as late
    from {{ model }}
    group by flight_month

),

counts as (

    select
        flight_month,
        {{ counted }} * count(*) as flights,
        -- of nobody known is null, on both sides
        {{ counted }} * case when count(is_cancelled) > 0 then count(*) filter (where is_cancelled) end as cancelled,
        {{ counted }} * case when count(is_diverted) > 0 then count(*) filter (where is_diverted) end as diverted,
        {{ counted }} * case when count(is_on_time) > 0 then count(*) filter (where is_on_time) end as on_time,
        {{ counted }}
        * case when count(is_on_time) > 0 then count(*) filter (where arr_delay_minutes >= {{ late_minutes() }}) end as late
    from {{ flights }}
    where flight_month in ({{ pending_months() }}) and {{ counting }}
    group by flight_month

)

select
    coalesce(totals.flight_month, counts.flight_month) as flight_month,
    totals.flights as flights_in_totals,
    counts.flights,
    totals.cancelled as cancelled_in_totals,
    counts.cancelled,
    totals.diverted as diverted_in_totals,
    counts.diverted,
    totals.on_time as on_time_in_totals,
    counts.on_time,
    totals.late as late_in_totals,
    counts.late
from totals
full outer join counts on counts.flight_month = totals.flight_month
where
    totals.flights is distinct from counts.flights
    or totals.cancelled is distinct from counts.cancelled
    or totals.diverted is distinct from counts.diverted
    or totals.on_time is distinct from counts.on_time
    or totals.late is distinct from counts.late

{% endtest %}
