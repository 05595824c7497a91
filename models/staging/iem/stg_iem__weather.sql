{%- set given = ['valid', 'tmpf', 'dwpf', 'relh', 'drct', 'sknt', 'gust', 'p01i', 'mslp', 'vsby'] -%}

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
        {%- for column in given %}
        {{ iem_value('source.' ~ column) }} as {{ column }},
        {%- endfor %}
        {{ csv_line(['source.station', 'source.valid', 'source.tmpf', 'source.dwpf', 'source.relh', 'source.drct', 'source.sknt',
                     'source.gust', 'source.p01i', 'source.mslp', 'source.vsby', 'source.wxcodes', 'source.metar']) }} as raw_text
    from source
    left join files on files.file_no = source.file_no

),

typed as (

    select
        *,
        {{ iso_minute('valid') }} as observed_at_utc,
        {{ decimal_number('tmpf') }} as temperature_fahrenheit,
        {{ decimal_number('dwpf') }} as dew_point_fahrenheit,
        {{ within(decimal_number('relh'), 0, 100) }} as relative_humidity_pct,
        {{ whole_number(without_zero_decimals('drct')) }} as wind_direction_degrees,
        {{ mph_of_knots(decimal_number('sknt')) }} as wind_speed_mph,
        {{ mph_of_knots(decimal_number('gust')) }} as wind_gust_mph,
        -- T is a trace, less than could be measured: the National Weather Service adds it up as nothing, and so does this column
        case when p01i = 'T' then 0 else {{ decimal_number('p01i') }} end as precipitation_inches,
        {{ decimal_number('mslp') }} as sea_level_pressure_millibars,
        {{ decimal_number('vsby') }} as visibility_miles
    from given

),

checked as (

    select
        *,
        coalesce(
            case when airport_code_iata is null then 'the request of the file names no airport' end,
            {{ first_missing(['valid']) }},
            {{ first_failed_cast([
                ['valid', 'observed_at_utc', 'a timestamp'],
                ['tmpf', 'temperature_fahrenheit', 'a number'],
                ['dwpf', 'dew_point_fahrenheit', 'a number'],
                ['relh', 'relative_humidity_pct', 'a percentage'],
                ['drct', 'wind_direction_degrees', 'a whole number'],
                ['sknt', 'wind_speed_mph', 'a number'],
                ['gust', 'wind_gust_mph', 'a number'],
                ['p01i', 'precipitation_inches', 'a number'],
                ['mslp', 'sea_level_pressure_millibars', 'a number'],
                ['vsby', 'visibility_miles', 'a number'],
            ]) }}
        ) as reject_reason
    from typed

)

{{ staged_observations('checked') }}
