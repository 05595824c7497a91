{#- An edition's version hashes its content, that of the edition before, and the logic that compares them. -#}
with statements as (

    select * from {{ ref('int_files__statements') }}

),

standings as (

    select * from {{ ref('int_files__standings') }}

),

logic (model_name, source, entity, fingerprint) as (

    {% for history in history_models('edition') -%}
    {% for landed in landed_entities() if landed.as_of -%}
    select
        '{{ history.node.name }}',
        '{{ landed.source }}',
        '{{ landed.entity }}',
        '{{ fingerprint(history.lineage.logic) }}'
    union all
    {% endfor -%}
    {% endfor -%}
    select
        '',
        '',
        '',
        ''
    where false

),

-- what is held, or was rejected by somebody, is no edition
editions as (

    select statements.*
    from statements
    inner join standings on standings.file_no = statements.file_no and standings.data_month is null
    where standings.is_counted

),

-- by the day that they speak of, not by the day on which they were loaded
in_order as (

    select
        editions.*,
        logic.model_name,
        logic.fingerprint,
        row_number() over one_series as edition_no,
        lag(editions.file_no) over one_series as file_no_before,
        lag(editions.file_id) over one_series as file_id_before,
        lag(editions.edition_date) over one_series as edition_date_before
    from editions
    inner join logic on logic.source = editions.source and logic.entity = editions.entity
    window one_series as (
        partition by logic.model_name, editions.source, editions.entity
        order by editions.edition_date, editions.file_no
    )

)

select
    model_name,
    source,
    entity,
    cast(edition_no as integer) as edition_no,
    file_no,
    file_no_before,
    edition_date,
    edition_date_before,
    {{ version_id('cast(file_no as bigint)', "file_id || coalesce(file_id_before, '') || fingerprint") }} as version_id
from in_order
