{#- dbt has to know what a model reads before it knows what there is, hence the list; a test holds that it has all. -#}
{%- set marts = [
    ref('agg_airport_hour'),
    ref('agg_airport_month'),
    ref('agg_carrier_airport_month'),
    ref('agg_carrier_month'),
    ref('agg_carrier_rotation_month'),
    ref('agg_delay_cause_month'),
    ref('agg_flight_number_month'),
    ref('agg_month'),
    ref('agg_route_month'),
    ref('audit_anomalies'),
    ref('audit_file_months'),
    ref('audit_gaps'),
    ref('audit_held_files'),
    ref('audit_missing_values'),
    ref('audit_model_month'),
    ref('audit_months'),
    ref('audit_published_agreement'),
    ref('audit_rejects'),
    ref('audit_restatements'),
    ref('audit_row_ledger'),
    ref('audit_seen_months'),
    ref('dim_aircraft'),
    ref('dim_aircraft_history'),
    ref('dim_airport_history'),
    ref('dim_airports'),
    ref('dim_carrier_history'),
    ref('dim_carriers'),
    ref('dim_dates'),
    ref('dim_fleet_aircraft'),
    ref('fct_arrival_outliers'),
    ref('fct_delay_cause_versions'),
    ref('fct_delay_predictions'),
    ref('fct_flight_diversions'),
    ref('fct_flight_rotations'),
    ref('fct_flight_versions'),
    ref('fct_flight_weather'),
    ref('fct_flights'),
    ref('fct_weather_hourly'),
    ref('flight_features'),
    ref('kpi_carrier_day'),
    ref('kpi_day'),
    ref('month_versions'),
] -%}

with rows_of_marts as (

    {% for mart in marts -%}
    {{ rows_as_checksums(mart) }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

)

select
    mart,
    data_month,
    count(*) as row_count,
    cast(sum(row_checksum) as numeric(38, 0)) as checksum
from rows_of_marts
group by mart, data_month
