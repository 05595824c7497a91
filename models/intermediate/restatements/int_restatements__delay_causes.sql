{%- set builds = releases_to_compare('int_delay_causes__records') -%}
{%- set measures = ['flights', 'late', 'cancelled', 'diverted', 'sum_late_arrival_minutes', 'carrier_delay_minutes',
                    'weather_delay_minutes', 'nas_delay_minutes', 'security_delay_minutes', 'late_aircraft_delay_minutes'] -%}

with records as (

    select * from {{ ref('int_delay_causes__records') }}
    where version_id in ({{ builds.reads }}) and not is_duplicate

),

comparisons (version_id, reads, reads_before) as (

    {{ builds.rows }}

),

totals as (

    select
        {%- for measure in measures %}
        sum({{ measure }}) as {{ measure }},
        {%- endfor %}
        version_id
    from records
    group by version_id

),

records_after as (

    select
        comparisons.version_id as comparison_id,
        records.*
    from records
    inner join comparisons on comparisons.reads = records.version_id

),

records_before as (

    select
        comparisons.version_id as comparison_id,
        records.*
    from records
    inner join comparisons on comparisons.reads_before = records.version_id

),

counts as (

    select
        coalesce(records_after.comparison_id, records_before.comparison_id) as version_id,
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
        on records_before.comparison_id = records_after.comparison_id
        and records_before.carrier_code = records_after.carrier_code
        and records_before.airport_code_iata = records_after.airport_code_iata
    group by coalesce(records_after.comparison_id, records_before.comparison_id)

)

{{ restated_measures(measures, 'records') }}
