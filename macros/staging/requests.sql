{#
    A field of a request (ingestion/request_text.py), such as the airport of
    `airport=JFK&station=JFK&from=2013-01-01T00:00Z`; null where it has none. An escaped value stays escaped.
#}
{% macro asked_for(request, field) -%}
    nullif(split_part(split_part('&' || {{ request }}, '&{{ field }}=', 2), '&', 1), '')
{%- endmacro %}
