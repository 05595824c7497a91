{%- set state = ['serial_number', 'aircraft_model_code', 'manufacture_year', 'aircraft_type', 'engine_type'] -%}

with registered as (

    {{ editions_to_compare_of('stg_faa__master', {'source': 'faa', 'entity': 'master'}) }}

),

-- of a number that an edition repeats the last record counts
listed as (

    select *
    from (
        select
            *,
            row_number() over (partition by edition_version_id, file_no, tail_number order by record_no desc) as recency
        from registered
        where reject_reason is null
    ) as ranked
    where recency = 1

),

listed_now as (

    select * from listed
    where not is_before

),

listed_before as (

    select * from listed
    where is_before

)

-- most aircraft are what they were, and have no row
select
    coalesce(listed_now.edition_version_id, listed_before.edition_version_id) as version_id,
    coalesce(listed_now.tail_number, listed_before.tail_number) as tail_number,
    listed_now.tail_number is not null as is_listed,
    {%- for column in state %}
    listed_now.{{ column }},
    {%- endfor %}
    listed_now.certificate_issued_on,
    listed_now.file_no,
    listed_now.record_no
from listed_now
full outer join listed_before
    on listed_before.edition_version_id = listed_now.edition_version_id and listed_before.tail_number = listed_now.tail_number
where
    listed_now.tail_number is null
    or listed_before.tail_number is null
    or {{ differ('listed_now', 'listed_before', state) }}
