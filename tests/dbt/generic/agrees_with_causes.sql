{#
    Late flights by cause add up to the late flights whose causes the form states, and their minutes to the causes' minutes. Of a
    month, since a share of a flight is rounded. Fails with the months that differ, both sides beside each other.
#}
{% test agrees_with_causes(model, flights) %}

with totals as (

    select
        flight_month,
        sum(late_flights) as late_flights,
        sum(delay_minutes) as delay_minutes
    from {{ model }}
    group by flight_month

),

causes as (

    select
        flight_month,
        {% for cause in delay_causes() -%}
        coalesce({{ cause }}_delay_minutes, 0){{ ' + ' if not loop.last }}
        {%- endfor %} as delay_minutes
    from {{ flights }}
    where flight_month in ({{ pending_months() }})

),

counts as (

    select
        flight_month,
        count(*) as late_flights,
        sum(delay_minutes) as delay_minutes
    from causes
    where delay_minutes > 0
    group by flight_month

)

select
    coalesce(totals.flight_month, counts.flight_month) as flight_month,
    totals.late_flights as late_flights_in_totals,
    counts.late_flights,
    totals.delay_minutes as delay_minutes_in_totals,
    counts.delay_minutes
from totals
full outer join counts on counts.flight_month = totals.flight_month
where
    -- four decimals of each pair of carrier and airport, and cause
    coalesce(abs(totals.late_flights - counts.late_flights) > 1, true)
    or totals.delay_minutes is distinct from counts.delay_minutes

{% endtest %}
