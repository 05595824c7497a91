with changes as (

    select * from {{ ref('int_aircraft__changes') }}

),

versions as (

    select * from {{ ref('int_editions__versions') }}
    where model_name = 'int_aircraft__changes'

),

-- A change lies between two editions: on the day of its certificate when that is between them, else on the day of the edition
-- that shows it. Aircraft of the first edition have been what they are since their certificate.
dated as (

    select
        changes.*,
        versions.edition_no,
        versions.edition_date_before,
        case
            when
                changes.certificate_issued_on <= versions.edition_date
                and coalesce(changes.certificate_issued_on > versions.edition_date_before, true)
                then changes.certificate_issued_on
            else versions.edition_date
        end as changed_on
    from changes
    inner join versions on versions.version_id = changes.version_id

),

-- until the number's next change; the edition before that one is the last that had the aircraft
spans as (

    select
        *,
        lead(changed_on) over (partition by tail_number order by edition_no) as next_changed_on,
        lead(edition_date_before) over (partition by tail_number order by edition_no) as last_seen_on
    from dated

)

select
    tail_number,
    changed_on as valid_from,
    next_changed_on as valid_to,
    last_seen_on,
    serial_number,
    aircraft_model_code,
    manufacture_year,
    aircraft_type,
    engine_type,
    file_no,
    record_no
from spans
where
    is_listed
    -- two editions of one day: the later counts
    and coalesce(next_changed_on > changed_on, true)
