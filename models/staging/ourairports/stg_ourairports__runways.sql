with source as (

    select * from {{ source('ourairports', 'runways') }}

),

given as (

    select
        file_no,
        record_no,
        nullif(id, '') as id,
        nullif(airport_ident, '') as airport_ident,
        nullif(length_ft, '') as length_ft,
        nullif(width_ft, '') as width_ft,
        nullif(surface, '') as surface,
        nullif(lighted, '') as lighted,
        nullif(closed, '') as closed,
        nullif(le_ident, '') as le_ident,
        nullif(le_heading_deg_t, '') as le_heading_deg_t,
        nullif(he_ident, '') as he_ident,
        nullif(he_heading_deg_t, '') as he_heading_deg_t,
        {{ csv_line(['id', 'airport_ref', 'airport_ident', 'length_ft', 'width_ft', 'surface', 'lighted', 'closed', 'le_ident',
                     'le_latitude_deg', 'le_longitude_deg', 'le_elevation_ft', 'le_heading_deg_t', 'le_displaced_threshold_ft',
                     'he_ident', 'he_latitude_deg', 'he_longitude_deg', 'he_elevation_ft', 'he_heading_deg_t',
                     'he_displaced_threshold_ft']) }} as raw_text
    from source

),

typed as (

    select
        *,
        {{ whole_number('id') }} as runway_id_ourairports,
        {{ whole_number('length_ft') }} as length_feet,
        {{ whole_number('width_ft') }} as width_feet,
        {{ flag('lighted') }} as is_lighted,
        {{ flag('closed') }} as is_closed,
        {{ within(decimal_number('le_heading_deg_t'), 0, 360) }} as low_end_heading_degrees,
        {{ within(decimal_number('he_heading_deg_t'), 0, 360) }} as high_end_heading_degrees
    from given

)

select
    file_no,
    record_no,
    runway_id_ourairports,
    airport_ident,
    length_feet,
    width_feet,
    surface,
    is_lighted,
    is_closed,
    le_ident as low_end_name,
    low_end_heading_degrees,
    he_ident as high_end_name,
    high_end_heading_degrees,
    coalesce(
        case when id is null then 'id is missing' end,
        case when airport_ident is null then 'airport_ident is missing' end,
        -- what does not cast; of a missing value the text is null, which is no reason
        case when runway_id_ourairports is null then 'id is not a whole number: ' || id end,
        case when length_feet is null then 'length_ft is not a whole number: ' || length_ft end,
        case when width_feet is null then 'width_ft is not a whole number: ' || width_ft end,
        case when is_lighted is null then 'lighted is not 0 or 1: ' || lighted end,
        case when is_closed is null then 'closed is not 0 or 1: ' || closed end,
        case when low_end_heading_degrees is null then 'le_heading_deg_t is not a heading: ' || le_heading_deg_t end,
        case when high_end_heading_degrees is null then 'he_heading_deg_t is not a heading: ' || he_heading_deg_t end
    ) as reject_reason,
    raw_text
from typed
