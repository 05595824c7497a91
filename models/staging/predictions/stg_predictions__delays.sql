with source as (

    select * from {{ source('predictions', 'delays') }}

),

given as (

    with records as (select * from source)

    select
        file_no,
        record_no,
        {{ trimmed('model_version') }} as model_version,
        {{ trimmed('flight_key') }} as flight_key,
        {{ stated('flight_month') }} as month_text,
        {{ stated('predicted_at') }} as moment_text,
        {{ stated('is_training_month') }} as training_text,
        {{ stated('probability') }} as probability,
        {{ stated('low') }} as low,
        {{ stated('high') }} as high,
        {{ record_as_json('records') }} as raw_text
    from records

),

typed as (

    with records as (select * from given)

    select
        *,
        {{ flight_day('month_text') }} as flight_month,
        {{ iso_timestamp('moment_text') }} as predicted_at_utc,
        {{ flag('training_text') }} as is_training_month,
        {{ within(decimal_number('probability'), 0, 1) }} as late_probability,
        {{ within(decimal_number('low'), 0, 1) }} as late_probability_low,
        {{ within(decimal_number('high'), 0, 1) }} as late_probability_high
    from records

),

checked as (

    select
        *,
        coalesce(
            case when model_version is null then 'model_version is missing' end,
            case when flight_key is null then 'flight_key is missing' end,
            case when month_text is null then 'flight_month is missing' end,
            case when moment_text is null then 'predicted_at is missing' end,
            case when training_text is null then 'is_training_month is missing' end,
            case when probability is null then 'probability is missing' end,
            -- what does not cast; of a missing value the text is null, which is no reason: a model may say no interval
            case
                when coalesce(extract(day from flight_month), 0) <> 1
                    then 'flight_month is not the first day of a month: ' || month_text
            end,
            case when predicted_at_utc is null then 'predicted_at is not a moment in UTC: ' || moment_text end,
            case when is_training_month is null then 'is_training_month is not true or false: ' || training_text end,
            case when late_probability is null then 'probability is not between 0 and 1: ' || probability end,
            case
                when not coalesce(late_probability_low <= late_probability, false)
                    then 'low is not between 0 and the probability: ' || low
            end,
            case
                when not coalesce(late_probability_high >= late_probability, false)
                    then 'high is not between the probability and 1: ' || high
            end
        ) as reject_reason
    from typed

)

select
    file_no,
    record_no,
    model_version,
    flight_key,
    flight_month,
    predicted_at_utc,
    is_training_month,
    late_probability,
    late_probability_low,
    late_probability_high,
    {{ computed_once('reject_reason') }} as reject_reason,
    raw_text
from checked
