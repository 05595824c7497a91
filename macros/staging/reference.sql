{# Reference data: of each source and entity the newest file counts, as a whole. #}

{# The condition that a staged record counts. Reads the common table expression `current_files` (int_files__current) of the model. #}
{% macro is_current_record() -%}
    reject_reason is null and file_no in (select current_files.file_no from current_files)
{%- endmacro %}


{#
    Those records, one per key: of a key that the file repeats the last record counts, the others are duplicates in the row
    ledger. `records` is a common table expression of the model, as `current_files` is.
#}
{% macro newest_records(records, key) -%}
    select *
    from (
        select
            *,
            row_number() over (partition by {{ key }} order by record_no desc) as recency
        from {{ records }}
        where {{ is_current_record() }}
    ) as ranked
    where recency = 1
{%- endmacro %}


{#
    The rows of a table of an operational database as it was read last, one per key, with is_deleted: each read states what changed,
    so of a key the newest row counts, and it is gone when it vanished since. `records` and `vanished` are common table expressions
    of the model, as `files` is (int_files, the files that this build sees).
#}
{% macro rows_of_changing_table(records, vanished, key) -%}
    select
        newest.*,
        coalesce(gone.file_no > newest.file_no, false) as is_deleted
    from (
        select
            *,
            row_number() over (partition by {{ key }} order by file_no desc, record_no desc) as recency
        from {{ records }}
        where reject_reason is null and file_no in (select files.file_no from files)
    ) as newest
    left join (
        select
            {{ key }},
            max(file_no) as file_no
        from {{ vanished }}
        where file_no in (select files.file_no from files)
        group by {{ key }}
    ) as gone on gone.{{ key }} = newest.{{ key }}
    where newest.recency = 1
{%- endmacro %}


{# A lookup table of the Bureau of Transportation Statistics, Code and Description: both as text without blanks around it, an empty one as null. #}
{% macro code_and_description(relation) -%}
    select
        file_no,
        record_no,
        {{ trimmed('code') }} as code,
        {{ trimmed('description') }} as description,
        {{ record_as_json(relation) }} as raw_text
    from {{ relation }}
{%- endmacro %}


{# Do two descriptions of an airport mean one place, within a degree? One without a place may. #}
{% macro is_same_place(one, other) -%}
    coalesce(abs({{ one }}.latitude_degrees - {{ other }}.latitude_degrees) < 1, true)
    and coalesce(abs({{ one }}.longitude_degrees - {{ other }}.longitude_degrees) < 1, true)
{%- endmacro %}


{# The kind of an aircraft in words, from the registry's code (ardata.pdf of the FAA); of a new code, the code. #}
{% macro faa_aircraft_type(code) -%}
    case {{ code }}
        when '1' then 'Glider'
        when '2' then 'Balloon'
        when '3' then 'Blimp/Dirigible'
        when '4' then 'Fixed wing single engine'
        when '5' then 'Fixed wing multi engine'
        when '6' then 'Rotorcraft'
        when '7' then 'Weight-shift-control'
        when '8' then 'Powered Parachute'
        when '9' then 'Gyroplane'
        when 'H' then 'Hybrid Lift'
        when 'O' then 'Other'
        else {{ code }}
    end
{%- endmacro %}


{# The kind of an engine in words, from the registry's code; null where the registry says unknown. #}
{% macro faa_engine_type(code) -%}
    case {{ code }}
        when '0' then 'None'
        when '1' then 'Reciprocating'
        when '2' then 'Turbo-prop'
        when '3' then 'Turbo-shaft'
        when '4' then 'Turbo-jet'
        when '5' then 'Turbo-fan'
        when '6' then 'Ramjet'
        when '7' then '2 Cycle'
        when '8' then '4 Cycle'
        when '9' then null
        when '10' then 'Electric'
        when '11' then 'Rotary'
        else {{ code }}
    end
{%- endmacro %}
