{%- set measures = kpis() | map(attribute='name') | list -%}

-- those of the month, and of the other months that it is compared with
with figures as (

    {{ missing_months_of('int_monitoring__day_figures') }}

),

weeks (days_before) as (

    values
    {% for days in days_to_compare_with() -%}
    ({{ days }}){{ ',' if not loop.last }}
    {% endfor %}
),

-- days before alone: what comes later does not change what was expected
pairs as (

    select
        figures.*,
        {%- for measure in measures %}
        earlier.{{ measure }} as earlier_{{ measure }},
        {%- endfor %}
        earlier.flights as flights_then
    from figures
    cross join weeks
    left join figures as earlier
        on earlier.month_version_id = figures.month_version_id
        and earlier.carrier_code = figures.carrier_code
        and earlier.flight_date_local = figures.flight_date_local - weeks.days_before
    where figures.flight_month = {{ version_month('figures.month_version_id') }}

),

medians as (

    select
        month_version_id,
        flight_date_local,
        carrier_code,
        {%- for measure in measures %}
        percentile_cont(0.5) within group (order by earlier_{{ measure }}) as expected_{{ measure }},
        {%- endfor %}
        avg(flights_then) as flights_before
    from pairs
    group by month_version_id, flight_date_local, carrier_code

),

distances as (

    select
        medians.*,
        {%- for measure in measures %}
        pairs.{{ measure }},
        pairs.earlier_{{ measure }},
        abs(pairs.earlier_{{ measure }} - medians.expected_{{ measure }}) as distance_{{ measure }},
        {%- endfor %}
        pairs.flight_month
    from medians
    inner join pairs
        on pairs.month_version_id = medians.month_version_id
        and pairs.flight_date_local = medians.flight_date_local
        and pairs.carrier_code = medians.carrier_code

)

{% for measure in measures -%}
select
    month_version_id as version_id,
    flight_month,
    flight_date_local,
    carrier_code,
    '{{ measure }}' as measure,
    cast({{ measure }} as numeric(12, 4)) as observed,
    count(earlier_{{ measure }}) as figures_before,
    cast(flights_before as numeric(12, 2)) as flights_before,
    cast(expected_{{ measure }} as numeric(12, 4)) as expected,
    cast(percentile_cont(0.5) within group (order by distance_{{ measure }}) as numeric(12, 4)) as median_distance
from distances
group by
    month_version_id, flight_month, flight_date_local, carrier_code, {{ measure }}, flights_before, expected_{{ measure }}
{{ 'union all' if not loop.last }}
{% endfor %}
