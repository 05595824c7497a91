with flights as (

    {{ missing_months_of('int_flights') }}

),

watched (column_name) as (

    values
    {% for column in watched_columns() -%}
    ('{{ column.name }}'){{ ',' if not loop.last }}
    {% endfor %}

),

counts as (

    select
        month_version_id,
        {%- for column in watched_columns() %}
        count(*) filter (where {{ column.due }}) as {{ column.name }}_due,
        count({{ column.name }}) filter (where {{ column.due }}) as {{ column.name }}_known,
        {%- endfor %}
        flight_month
    from flights
    group by month_version_id, flight_month

)

select
    counts.month_version_id as version_id,
    counts.flight_month,
    watched.column_name,
    case watched.column_name
        {%- for column in watched_columns() %}
        when '{{ column.name }}' then counts.{{ column.name }}_due
        {%- endfor %}
    end as values_due,
    case watched.column_name
        {%- for column in watched_columns() %}
        when '{{ column.name }}' then counts.{{ column.name }}_due - counts.{{ column.name }}_known
        {%- endfor %}
    end as values_missing
from counts
cross join watched
