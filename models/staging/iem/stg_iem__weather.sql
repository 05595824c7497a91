with source as (

    select * from {{ source('iem', 'asos') }}

),

files as (

    select * from {{ source('iem', 'files') }}

),

given as (

    select
        source.file_no,
        source.record_no,
        -- stations go by names of their own: of which airport it was asked stands in the request alone
        {{ asked_for('files.request', 'airport') }} as airport_code_iata,
        nullif({{ stated('source.valid') }}, 'M') as valid,
        nullif({{ stated('source.tmpf') }}, 'M') as tmpf,
        nullif({{ stated('source.dwpf') }}, 'M') as dwpf,
        nullif({{ stated('source.relh') }}, 'M') as relh,
        nullif({{ stated('source.drct') }}, 'M') as drct,
        nullif({{ stated('source.sknt') }}, 'M') as sknt,
        nullif({{ stated('source.gust') }}, 'M') as gust,
        nullif({{ stated('source.p01i') }}, 'M') as p01i,
        nullif({{ stated('source.mslp') }}, 'M') as mslp,
        nullif({{ stated('source.vsby') }}, 'M') as vsby,
        {{ record_as_json('source') }} as raw_text
    from source
    left join files on files.file_no = source.file_no

),

typed as (

    with records as (select * from given)

    select
        *,
        {{ iso_timestamp('valid') }} as observed_at_utc,
        {{ decimal_number('tmpf') }} as temperature_fahrenheit,
        {{ decimal_number('dwpf') }} as dew_point_fahrenheit,
        {{ within(decimal_number('relh'), 0, 100) }} as relative_humidity_pct,
        {{ whole_number('drct') }} as wind_direction_degrees,
        {{ mph_of_knots(decimal_number('sknt')) }} as wind_speed_mph,
        {{ mph_of_knots(decimal_number('gust')) }} as wind_gust_mph,
        -- T is a trace, less than could be measured: the National Weather Service adds it up as nothing, and so does this column
        case when p01i = 'T' then 0 else {{ decimal_number('p01i') }} end as precipitation_inches,
        {{ decimal_number('mslp') }} as sea_level_pressure_millibars,
        {{ decimal_number('vsby') }} as visibility_miles
    from records

),

checked as (

    select
        *,
        coalesce(
            case when airport_code_iata is null then 'the request of the file names no airport' end,
            case when valid is null then 'valid is missing' end,
            -- what does not cast; of a missing value the text is null, which is no reason
            case when observed_at_utc is null then 'valid is not a timestamp: ' || valid end,
            case when temperature_fahrenheit is null then 'tmpf is not a number: ' || tmpf end,
            case when dew_point_fahrenheit is null then 'dwpf is not a number: ' || dwpf end,
            case when relative_humidity_pct is null then 'relh is not a percentage: ' || relh end,
            case when wind_direction_degrees is null then 'drct is not a whole number: ' || drct end,
            case when wind_speed_mph is null then 'sknt is not a number: ' || sknt end,
            case when wind_gust_mph is null then 'gust is not a number: ' || gust end,
            case when precipitation_inches is null then 'p01i is not a number: ' || p01i end,
            case when sea_level_pressure_millibars is null then 'mslp is not a number: ' || mslp end,
            case when visibility_miles is null then 'vsby is not a number: ' || vsby end
        ) as reject_reason
    from typed

)

{{ staged_observations('checked') }}
