with changes as (

    select * from {{ ref('int_aircraft__changes') }}

),

versions as (

    select * from {{ ref('int_editions__versions') }}
    where model_name = 'int_aircraft__changes'

),

deregistered as (

    select * from {{ ref('stg_faa__dereg') }}

),

current_files as (

    select * from {{ ref('int_files__current') }}

),

-- A change lies between two editions: on the day of its certificate when that is between them, else on the day of the edition that
-- shows it. Aircraft of the first edition have been what they are since their certificate.
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

),

-- the registry says of those that are gone when their registration ended
ends as (

    select
        spans.tail_number,
        spans.edition_no,
        min(deregistered.cancelled_on) as cancelled_on
    from spans
    inner join deregistered
        on deregistered.tail_number = spans.tail_number
        and deregistered.aircraft_model_code = spans.aircraft_model_code
        and deregistered.serial_number is not distinct from spans.serial_number
        and deregistered.cancelled_on > spans.last_seen_on
        and deregistered.cancelled_on < spans.next_changed_on
    where
        deregistered.reject_reason is null
        and deregistered.file_no in (select current_files.file_no from current_files)
    group by spans.tail_number, spans.edition_no

)

select
    spans.tail_number,
    spans.changed_on as valid_from,
    coalesce(ends.cancelled_on, spans.next_changed_on) as valid_to,
    spans.serial_number,
    spans.aircraft_model_code,
    spans.manufacture_year,
    spans.aircraft_type,
    spans.engine_type,
    spans.file_no,
    spans.record_no
from spans
left join ends on ends.tail_number = spans.tail_number and ends.edition_no = spans.edition_no
where
    spans.is_listed
    -- two editions of one day: the later counts
    and coalesce(spans.next_changed_on > spans.changed_on, true)
