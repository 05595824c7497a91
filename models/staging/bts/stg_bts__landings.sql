{%- set of_flight = ['airport_landings', 'reached_dest', 'actual_elapsed_time', 'arr_delay', 'distance'] -%}
{%- set of_landing = ['airport', 'airport_id', 'wheels_on', 'total_g_time', 'longest_g_time', 'total_gtime', 'longest_gtime',
                      'wheels_off', 'tail_num'] -%}

with records as (

    select * from {{ ref('base_bts__flights') }}
    -- an air return is no diversion to BTS, and says where the flight landed all the same
    where {{ flag('diverted') }} or div1_longest_g_time is not null

),

-- Read off the text of the record: forty columns that one record in five hundred fills are not carried through all forms.
-- Selections write GTIME where archives write GTime, which is g_time.
given as (

    select
        {%- for column in of_flight %}
        {{ json_value('records.raw_text', "'div_" ~ column ~ "'") }} as {{ column }},
        {%- endfor %}
        {%- for column in of_landing %}
        {{ json_value('records.raw_text', "'div' || numbers.landing_number || '_" ~ column ~ "'") }} as {{ column }},
        {%- endfor %}
        records.file_no,
        records.record_no,
        numbers.landing_number
    from records
    cross join (values (0), (1), (2), (3), (4), (5)) as numbers (landing_number)

),

known as (

    select
        {%- for column in of_flight + of_landing %}
        {{ stated(column) }} as {{ column }},
        {%- endfor %}
        file_no,
        record_no,
        landing_number
    from given

)

select
    file_no,
    record_no,
    landing_number,
    {{ whole_number('airport_landings') }} as stated_landings,
    airport as airport_code_iata,
    {{ whole_number('airport_id') }} as airport_id_bts,
    {{ clock_minutes('wheels_on') }} as wheels_on_clock_minutes,
    {{ clock_minutes('wheels_off') }} as wheels_off_clock_minutes,
    {{ whole_number('coalesce(total_g_time, total_gtime)') }} as ground_minutes,
    {{ whole_number('coalesce(longest_g_time, longest_gtime)') }} as longest_ground_minutes,
    {{ known_tail_number('tail_num') }} as tail_number,
    {{ flag('reached_dest') }} as is_destination_reached,
    {{ whole_number('actual_elapsed_time') }} as diverted_elapsed_minutes,
    {{ whole_number('arr_delay') }} as diverted_arr_delay_minutes,
    {{ whole_number('distance') }} as distance_to_destination_miles
from known
-- 0 stands for the flight, whether or not it says where it landed
where landing_number = 0 or coalesce(airport, airport_id, wheels_on) is not null
