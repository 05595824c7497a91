{%- set builds = months_to_build_from('int_flights__records') -%}

with flights as (

    select * from {{ ref('int_flights') }}

),

versions (version_id, reads) as (

    {{ builds.rows }}

),

watched (column_name) as (

    values
    {% for column in watched_columns() -%}
    ('{{ column.name }}'){{ ',' if not loop.last }}
    {% endfor %}

),

flights_of_month as (

    select
        versions.version_id as month_version_id,
        flights.*
    from flights
    inner join versions on versions.reads = flights.version_id
    where flights.version_id in ({{ builds.reads }})

),

counts as (

    select
        month_version_id,
        {%- for column in watched_columns() %}
        count(*) filter (where {{ column.due }}) as {{ column.name }}_due,
        count({{ column.name }}) filter (where {{ column.due }}) as {{ column.name }}_known,
        {%- endfor %}
        flight_month
    from flights_of_month
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
