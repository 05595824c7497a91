with predictions as (

    select * from {{ ref('stg_predictions__delays') }}

),

ranked as (

    select
        *,
        row_number() over (partition by model_version, flight_key order by file_no asc, record_no asc) as landing_rank
    from predictions
    -- what is loaded while a build runs waits for the next one
    where reject_reason is null and {{ is_seen_by_build('file_no') }}

)

select
    model_version,
    flight_key,
    flight_month,
    predicted_at_utc,
    is_training_month,
    late_probability,
    late_probability_low,
    late_probability_high,
    file_no as source_file_no,
    record_no as source_record_no
from ranked
-- what was said first counts: whoever knows the truth could say it better
where landing_rank = 1
