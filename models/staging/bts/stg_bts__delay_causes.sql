{%- set counts = ['arr_flights', 'arr_del15', 'arr_cancelled', 'arr_diverted'] %}
{%- set shares = ['carrier_ct', 'weather_ct', 'nas_ct', 'security_ct', 'late_aircraft_ct'] %}
{%- set minutes = ['arr_delay', 'carrier_delay', 'weather_delay', 'nas_delay', 'security_delay', 'late_aircraft_delay'] %}
{%- set failures = [] %}
{%- for column in counts + minutes %}{% do failures.append([column, column ~ '_typed', 'a whole number']) %}{% endfor %}
{%- for column in shares %}{% do failures.append([column, column ~ '_typed', 'a number']) %}{% endfor %}

with source as (

    select * from {{ source('bts', 'delay_causes') }}

),

given as (

    select
        file_no,
        record_no,
        {%- for column in ['year', 'month', 'carrier', 'airport'] + shares %}
        nullif({{ column }}, '') as {{ column }},
        {%- endfor %}
        {%- for column in counts + minutes %}
        {{ without_zero_decimals(column) }} as {{ column }},
        {%- endfor %}
        {{ csv_line(['year', 'month', 'carrier', 'carrier_name', 'airport', 'airport_name', 'arr_flights', 'arr_del15'] + shares
                    + ['arr_cancelled', 'arr_diverted'] + minutes) }} as raw_text
    from source

),

typed as (

    select
        *,
        {%- for column in counts + minutes %}
        {{ whole_number(column) }} as {{ column }}_typed,
        {%- endfor %}
        {%- for column in shares %}
        cast({{ decimal_number(column) }} as numeric(12, 2)) as {{ column }}_typed,
        {%- endfor %}
        {{ calendar_date('year', 'month', "'1'") }} as data_month
    from given

)

select
    file_no,
    record_no,
    data_month,
    carrier as carrier_code,
    airport as airport_code_iata,
    arr_flights_typed as arr_flights,
    arr_del15_typed as arr_del15,
    {%- for column in shares %}
    {{ column }}_typed as {{ column }},
    {%- endfor %}
    arr_cancelled_typed as cancelled,
    arr_diverted_typed as diverted,
    {%- for column in minutes %}
    {{ column }}_typed as {{ column }}_minutes,
    {%- endfor %}
    coalesce(
        {{ first_missing(['year', 'month', 'carrier', 'airport']) }},
        case when data_month is null then 'year and month are not a month: ' || year || '-' || month end,
        {{ first_failed_cast(failures) }}
    ) as reject_reason,
    raw_text
from typed
