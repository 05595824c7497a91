{# The two ledger tables that every raw schema has (ingestion/ledger.py), the same for each source. #}

{% macro landed_files(files) -%}
with files as (

    select * from {{ files }}

)

select
    file_no,
    file_id,
    dataset,
    file_name,
    location as file_location,
    columns as column_names,
    request,
    bytes,
    rows_seen,
    rows_landed,
    rows_rejected,
    rows_unchanged,
    {{ timestamptz_to_utc('received_at') }} as received_at_utc,
    load_id
from files
{%- endmacro %}

{% macro landed_rejects(rejects) -%}
with rejects as (

    select * from {{ rejects }}

)

select
    file_no,
    record_no,
    reason,
    raw_text
from rejects
{%- endmacro %}


{#
    A field of a request (ingestion/request.py), such as the airport of `airport=JFK&station=JFK&from=2013-01-01T00:00Z`; null where it has
    none. An escaped value stays escaped.
#}
{% macro asked_for(request, field) -%}
    nullif(split_part(split_part('&' || {{ request }}, '&{{ field }}=', 2), '&', 1), '')
{%- endmacro %}
