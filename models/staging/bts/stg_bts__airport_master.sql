{%- set columns = ['airport_seq_id', 'airport_id', 'airport', 'display_airport_name', 'display_airport_city_name_full',
                   'airport_country_code_iso', 'airport_state_name', 'airport_state_code', 'city_market_id', 'latitude', 'longitude',
                   'airport_start_date', 'airport_thru_date', 'airport_is_closed', 'airport_is_latest'] %}

with source as (

    select * from {{ source('bts', 'airport_master') }}

),

given as (

    select
        file_no,
        record_no,
        {%- for column in columns %}
        nullif({{ column }}, '') as {{ column }},
        {%- endfor %}
        {{ csv_line([
            'airport_seq_id', 'airport_id', 'airport', 'display_airport_name', 'display_airport_city_name_full', 'airport_wac_seq_id2',
            'airport_wac', 'airport_country_name', 'airport_country_code_iso', 'airport_state_name', 'airport_state_code',
            'airport_state_fips', 'city_market_seq_id', 'city_market_id', 'display_city_market_name_full', 'city_market_wac_seq_id2',
            'city_market_wac', 'lat_degrees', 'lat_hemisphere', 'lat_minutes', 'lat_seconds', 'latitude', 'lon_degrees',
            'lon_hemisphere', 'lon_minutes', 'lon_seconds', 'longitude', 'utc_local_time_variation', 'airport_start_date',
            'airport_thru_date', 'airport_is_closed', 'airport_is_latest'
        ]) }} as raw_text
    from source

),

typed as (

    select
        *,
        {{ whole_number('airport_seq_id') }} as airport_seq_id_bts,
        {{ whole_number('airport_id') }} as airport_id_bts,
        {{ whole_number('city_market_id') }} as city_market_id_bts,
        {{ within(decimal_number('latitude'), -90, 90) }} as latitude_degrees,
        {{ within(decimal_number('longitude'), -180, 180) }} as longitude_degrees,
        {{ bts_date('airport_start_date') }} as valid_from,
        {{ bts_date('airport_thru_date') }} as valid_to,
        {{ flag('airport_is_closed') }} as is_closed,
        {{ flag('airport_is_latest') }} as is_latest
    from given

)

select
    file_no,
    record_no,
    airport_seq_id_bts,
    airport_id_bts,
    airport as airport_code_iata,
    display_airport_name as airport_name,
    -- `Albany, NY`; the state stands in a column of its own
    split_part(display_airport_city_name_full, ', ', 1) as municipality,
    -- the trust territories of the Pacific (TT) are no more: ISO 3166-2 has no code for them
    airport_country_code_iso || '-' || nullif(airport_state_code, 'TT') as region_code_iso,
    airport_state_name as region_name,
    airport_country_code_iso as country_code_iso,
    city_market_id_bts,
    latitude_degrees,
    longitude_degrees,
    valid_from,
    valid_to,
    is_closed,
    is_latest,
    coalesce(
        {{ first_missing(['airport_seq_id', 'airport_id', 'airport', 'airport_is_latest']) }},
        {{ first_failed_cast([
            ['airport_seq_id', 'airport_seq_id_bts', 'a whole number'],
            ['airport_id', 'airport_id_bts', 'a whole number'],
            ['city_market_id', 'city_market_id_bts', 'a whole number'],
            ['latitude', 'latitude_degrees', 'a latitude'],
            ['longitude', 'longitude_degrees', 'a longitude'],
            ['airport_start_date', 'valid_from', 'a date'],
            ['airport_thru_date', 'valid_to', 'a date'],
            ['airport_is_closed', 'is_closed', '0 or 1'],
            ['airport_is_latest', 'is_latest', '0 or 1'],
        ]) }}
    ) as reject_reason,
    raw_text
from typed
