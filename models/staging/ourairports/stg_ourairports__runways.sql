with source as (

    select * from {{ source('ourairports', 'runways') }}

),

given as (

    select
        file_no,
        record_no,
        {%- for column in ['id', 'airport_ident', 'length_ft', 'width_ft', 'surface', 'lighted', 'closed', 'le_ident',
                           'le_heading_deg_t', 'he_ident', 'he_heading_deg_t'] %}
        nullif({{ column }}, '') as {{ column }},
        {%- endfor %}
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
        {{ first_missing(['id', 'airport_ident']) }},
        {{ first_failed_cast([
            ['id', 'runway_id_ourairports', 'a whole number'],
            ['length_ft', 'length_feet', 'a whole number'],
            ['width_ft', 'width_feet', 'a whole number'],
            ['lighted', 'is_lighted', '0 or 1'],
            ['closed', 'is_closed', '0 or 1'],
            ['le_heading_deg_t', 'low_end_heading_degrees', 'a heading'],
            ['he_heading_deg_t', 'high_end_heading_degrees', 'a heading'],
        ]) }}
    ) as reject_reason,
    raw_text
from typed
