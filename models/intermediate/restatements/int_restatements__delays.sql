{%- set measures = ['flights', 'late', 'cancelled', 'diverted', 'sum_late_arrival_minutes', 'carrier_delay_minutes',
                    'weather_delay_minutes', 'nas_delay_minutes', 'security_delay_minutes', 'late_aircraft_delay_minutes'] -%}

with both_releases as (

    {{ releases_to_compare_of('int_delays__records') }}

),

records as (

    select * from both_releases
    where not is_duplicate

),

totals as (

    select
        month_version_id,
        {%- for measure in measures %}
        sum({{ measure }}) as {{ measure }},
        {%- endfor %}
        is_before
    from records
    group by month_version_id, is_before

),

records_after as (

    select * from records
    where not is_before

),

records_before as (

    select * from records
    where is_before

),

counts as (

    select
        coalesce(records_after.month_version_id, records_before.month_version_id) as version_id,
        count(*) filter (where records_before.carrier_code is null) as added,
        count(*) filter (where records_after.carrier_code is null) as withdrawn,
        count(*) filter (
            where
            records_before.carrier_code = records_after.carrier_code
            and ({{ differ('records_after', 'records_before', measures + ['carrier_ct', 'weather_ct', 'nas_ct', 'security_ct',
                                                                         'late_aircraft_ct']) }})
        ) as changed
    from records_after
    full outer join records_before
        on records_before.month_version_id = records_after.month_version_id
        and records_before.carrier_code = records_after.carrier_code
        and records_before.airport_code_iata = records_after.airport_code_iata
    group by coalesce(records_after.month_version_id, records_before.month_version_id)

)

{{ restated_measures(measures, 'records') }}
