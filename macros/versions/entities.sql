{#
    What lands and what its rows are, the one place that lists it. An entity is what rows are about (flights), a dataset the raw
    table of one form that states it (ontime_monthly). A new entity is a line here, and a staging model stg_<source>__<entity> with
    reject_reason and raw_text once that a model reads it.
        datasets    raw tables that hold it; without, the one of the entity's name
        month       the staging column with the first day of the month, for entities that are released by month
        states_all  of which part a file of a dataset states everything, for entities by month. A file that states all of
                    `month` supersedes all others; one that states all of another part supersedes older files of that part;
                    the rest are extracts, and united
        key         what identifies a row, for reference data: the newest file counts as a whole, but where a file states all
                    `changes` since the one before (reads of database tables), and the newest row of a key counts; of predictions,
                    which are only ever added, the first one (fct_delay_predictions)
        as_of       the staging column whose last day is the day of a file, for registries: their files are editions of one
                    series, and compared with each other (int_editions__versions)
        parts       what a file of the entity can lack, each with the staging expression that tells one from the other: a file that
                    states all of something, and has none of a carrier that an older one has, is held (int_files__lacks)
        published   the mart in which an accepted row of reference data ends up; a row that it does not show is kept apart,
                    or superseded when its file no longer counts
        is_staged   false for what no model reads: it lands and is kept apart as it is. Also for marks of deletion
#}
{% macro landed_entities() %}
    {{ return([
        {
            'source': 'nycflights13', 'entity': 'flights', 'month': 'flight_month',
            'states_all': {'flights': 'departures from New York City'}, 'parts': parts_of_flights(),
        },
        {
            'source': 'nycflights13', 'entity': 'weather', 'month': 'observation_month_utc',
            'states_all': {'weather': 'observations in New York City'},
            'parts': {'airport': 'airport_code_iata', 'day': 'cast(observation_hour_utc as date)'},
        },
        {'source': 'nycflights13', 'entity': 'airports', 'key': 'airport_code_iata', 'published': 'dim_airports'},
        {'source': 'nycflights13', 'entity': 'airlines', 'key': 'carrier_code', 'published': 'dim_carriers'},
        {'source': 'nycflights13', 'entity': 'planes', 'key': 'tail_number', 'published': 'dim_aircraft_history'},
        {
            'source': 'bts', 'entity': 'flights', 'month': 'flight_month',
            'datasets': ['ontime_monthly', 'ontime_monthly_before_2018', 'ontime_selection', 'dataexpo', 'kaggle_2015', 'nycflights'],
            'states_all': {'ontime_monthly': 'month', 'ontime_monthly_before_2018': 'month'}, 'parts': parts_of_flights(),
        },
        {
            'source': 'bts', 'entity': 'not_reporting', 'is_staged': false,
            'datasets': ['ontime_without_carrier', 'marketing_monthly', 'marketing_selection'],
        },
        {
            'source': 'bts', 'entity': 'delay_causes', 'month': 'data_month', 'states_all': {'delay_causes': 'month'},
            'parts': {'carrier': 'carrier_code', 'airport': 'airport_code_iata'},
        },
        {'source': 'bts', 'entity': 'carriers', 'key': 'carrier_code', 'published': 'dim_carriers'},
        {'source': 'bts', 'entity': 'carrier_history', 'key': 'record_no', 'published': 'dim_carrier_history'},
        {'source': 'bts', 'entity': 'airline_ids', 'key': 'airline_id_dot'},
        {'source': 'bts', 'entity': 'airport_codes', 'is_staged': false},
        {'source': 'bts', 'entity': 'airport_ids', 'is_staged': false},
        {'source': 'bts', 'entity': 'city_markets', 'is_staged': false},
        {'source': 'bts', 'entity': 'cancellations', 'is_staged': false},
        {'source': 'bts', 'entity': 'diversions', 'is_staged': false},
        {'source': 'bts', 'entity': 'weekdays', 'is_staged': false},
        {'source': 'bts', 'entity': 'airport_master', 'key': 'airport_seq_id_bts', 'published': 'dim_airport_history'},
        {'source': 'faa', 'entity': 'master', 'key': 'tail_number', 'as_of': 'last_action_on', 'published': 'dim_aircraft_history'},
        {'source': 'faa', 'entity': 'acftref', 'key': 'aircraft_model_code'},
        {'source': 'faa', 'entity': 'dereg', 'key': 'record_no', 'published': 'dim_aircraft_history'},
        {'source': 'ourairports', 'entity': 'airports', 'key': 'airport_ident', 'published': 'dim_airports'},
        {'source': 'ourairports', 'entity': 'countries', 'is_staged': false},
        {'source': 'ourairports', 'entity': 'regions', 'key': 'region_code_iso'},
        {'source': 'ourairports', 'entity': 'runways', 'is_staged': false},
        {'source': 'airportsdata', 'entity': 'airports', 'key': 'airport_code_icao', 'published': 'dim_airports'},
        {'source': 'iem', 'entity': 'weather', 'month': 'observation_month_utc', 'datasets': ['asos']},
        {'source': 'nws', 'entity': 'weather', 'month': 'observation_month_utc', 'datasets': ['observations']},
        {'source': 'open_meteo', 'entity': 'weather', 'month': 'observation_month_utc', 'datasets': ['archive']},
        {'source': 'fleet', 'entity': 'aircraft', 'key': 'tail_number', 'states_all': {'aircraft': 'changes'}, 'published': 'dim_fleet_aircraft'},
        {'source': 'fleet', 'entity': 'aircraft_vanished', 'is_staged': false},
        {'source': 'predictions', 'entity': 'delays', 'key': 'flight_key', 'states_all': {'delays': 'changes'}, 'published': 'fct_delay_predictions'},
        {'source': 'files', 'entity': 'files', 'is_staged': false},
    ]) }}
{% endmacro %}

{% macro parts_of_flights() %}
    {{ return({
        'carrier': 'carrier_code',
        'origin': 'origin_airport_code_iata',
        'destination': 'destination_airport_code_iata',
        'day': 'flight_date_local',
    }) }}
{% endmacro %}

{% macro landed_sources() %}{{ return(landed_entities() | map(attribute='source') | unique | list) }}{% endmacro %}

{% macro staged_entities() %}{{ return(landed_entities() | rejectattr('is_staged', 'eq', false) | list) }}{% endmacro %}

{% macro is_staged(landed) %}{{ return(landed.get('is_staged', true)) }}{% endmacro %}

{% macro staging_model(landed) %}{{ return('stg_' ~ landed.source ~ '__' ~ landed.entity) }}{% endmacro %}


{# Registries, whose files are editions of one series, as literals for `in (...)`. #}
{% macro registries() -%}
    {%- for landed in landed_entities() if landed.as_of -%}
    {{ "'" ~ landed.source ~ '.' ~ landed.entity ~ "'" }}{{ ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}


{# The entity of each dataset, as rows of (source, dataset, entity, is_staged, states_all_of). #}
{% macro entities_of_datasets() -%}
    {%- set rows = [] -%}
    {%- for landed in landed_entities() -%}
        {%- for dataset in landed.get('datasets', [landed.entity]) -%}
            {%- set part = landed.get('states_all', {}).get(dataset, 'month' if landed.key) -%}
            {%- do rows.append([
                "'" ~ landed.source ~ "'", "'" ~ dataset ~ "'", "'" ~ landed.entity ~ "'",
                is_staged(landed),
                "'" ~ part ~ "'" if part else 'cast(null as ' ~ type_text() ~ ')',
            ] | join(', ')) -%}
        {%- endfor -%}
    {%- endfor -%}
    values ({{ rows | join('), (') }})
{%- endmacro %}
