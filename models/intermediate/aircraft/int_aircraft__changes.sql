{%- set builds = editions_to_compare({'source': 'faa', 'entity': 'master'}) -%}
{%- set state = ['serial_number', 'aircraft_model_code', 'manufacture_year', 'aircraft_type', 'engine_type'] -%}

with registered as (

    select * from {{ ref('stg_faa__master') }}

),

versions (version_id, reads, reads_before) as (

    {{ builds.rows }}

),

-- of a number that an edition repeats the last record counts
listed as (

    select
        file_no,
        record_no,
        tail_number,
        certificate_issued_on,
        {{ state | join(',\n        ') }}
    from (
        select
            *,
            row_number() over (partition by file_no, tail_number order by record_no desc) as recency
        from registered
        where file_no in ({{ builds.reads }}) and reject_reason is null
    ) as ranked
    where recency = 1

),

listed_now as (

    select
        versions.version_id,
        listed.*
    from versions
    inner join listed on listed.file_no = versions.reads

),

listed_before as (

    select
        versions.version_id,
        listed.*
    from versions
    inner join listed on listed.file_no = versions.reads_before

)

-- most aircraft are what they were, and have no row
select
    coalesce(listed_now.version_id, listed_before.version_id) as version_id,
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
    on listed_before.version_id = listed_now.version_id and listed_before.tail_number = listed_now.tail_number
where
    listed_now.tail_number is null
    or listed_before.tail_number is null
    or {{ differ('listed_now', 'listed_before', state) }}
