with source as (

    select * from {{ source('bts', 'airport_master') }}

),

given as (

    select
        file_no,
        record_no,
        {{ stated('airport_seq_id') }} as airport_seq_id,
        {{ stated('airport_id') }} as airport_id,
        {{ trimmed('airport') }} as airport,
        {{ trimmed('display_airport_name') }} as display_airport_name,
        {{ trimmed('display_airport_city_name_full') }} as display_airport_city_name_full,
        {{ trimmed('airport_country_code_iso') }} as airport_country_code_iso,
        {{ trimmed('airport_state_name') }} as airport_state_name,
        {{ trimmed('airport_state_code') }} as airport_state_code,
        {{ stated('city_market_id') }} as city_market_id,
        {{ stated('latitude') }} as latitude,
        {{ stated('longitude') }} as longitude,
        {{ stated('airport_start_date') }} as airport_start_date,
        {{ stated('airport_thru_date') }} as airport_thru_date,
        {{ stated('airport_is_closed') }} as airport_is_closed,
        {{ stated('airport_is_latest') }} as airport_is_latest,
        {{ record_as_json('source') }} as raw_text
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
        {{ any_date('airport_start_date') }} as valid_from,
        {{ any_date('airport_thru_date') }} as valid_to,
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
        case when airport_seq_id is null then 'airport_seq_id is missing' end,
        case when airport_id is null then 'airport_id is missing' end,
        case when airport is null then 'airport is missing' end,
        case when airport_is_latest is null then 'airport_is_latest is missing' end,
        -- what does not cast; of a missing value the text is null, which is no reason
        case when airport_seq_id_bts is null then 'airport_seq_id is not a whole number: ' || airport_seq_id end,
        case when airport_id_bts is null then 'airport_id is not a whole number: ' || airport_id end,
        case when city_market_id_bts is null then 'city_market_id is not a whole number: ' || city_market_id end,
        case when latitude_degrees is null then 'latitude is not a latitude: ' || latitude end,
        case when longitude_degrees is null then 'longitude is not a longitude: ' || longitude end,
        case when valid_from is null then 'airport_start_date is not a date: ' || airport_start_date end,
        case when valid_to is null then 'airport_thru_date is not a date: ' || airport_thru_date end,
        case when is_closed is null then 'airport_is_closed is not 0 or 1: ' || airport_is_closed end,
        case when is_latest is null then 'airport_is_latest is not 0 or 1: ' || airport_is_latest end
    ) as reject_reason,
    raw_text
from typed
