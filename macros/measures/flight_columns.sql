{#
    The columns of a flight behind its key and month, as readers see them (fct_flights, fct_flight_versions) and as history keeps
    them (int_flights__records). A new column of flights is a line here, in the contracts of the two marts and in the glossary; a
    restatement of it counts as a change of the flight.
#}
{% macro flight_columns(alias) -%}
    {%- for column in columns_of_flights() -%}
    {{ alias }}.{{ column }}{{ ',\n    ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{% macro columns_of_flights() %}
    {{ return([
        'flight_date_local',
        'carrier_code',
        'flight_number',
        'tail_number',
        'origin_airport_code_iata',
        'destination_airport_code_iata',
        'scheduled_departure_at_local',
        'scheduled_departure_at_utc',
        'actual_departure_at_local',
        'actual_departure_at_utc',
        'scheduled_arrival_at_local',
        'scheduled_arrival_at_utc',
        'actual_arrival_at_local',
        'actual_arrival_at_utc',
        'dep_delay_minutes',
        'arr_delay_minutes',
        'is_cancelled',
        'cancellation_code',
        'is_diverted',
        'is_on_time',
        'distance_miles',
        'air_time_minutes',
        'carrier_delay_minutes',
        'weather_delay_minutes',
        'nas_delay_minutes',
        'security_delay_minutes',
        'late_aircraft_delay_minutes',
        'source_file_no',
        'source_record_no',
        'origin_airport_id_bts',
        'destination_airport_id_bts',
        'taxi_out_minutes',
        'taxi_in_minutes',
        'longest_tarmac_minutes',
    ]) }}
{% endmacro %}

{#
    Those in which a restatement can change a flight: all but what its key is made of (without key a flight is another one), the
    numbers of its airports, where its record stands, and what follows from other columns.
#}
{% macro restatable_flight_columns() %}
    {{ return(columns_of_flights() | reject('in', [
        'flight_date_local', 'carrier_code', 'flight_number', 'origin_airport_code_iata', 'destination_airport_code_iata',
        'scheduled_departure_at_local', 'origin_airport_id_bts', 'destination_airport_id_bts', 'source_file_no', 'source_record_no',
        'scheduled_departure_at_utc', 'actual_departure_at_utc', 'scheduled_arrival_at_utc', 'actual_arrival_at_utc', 'is_on_time',
    ]) | list) }}
{% endmacro %}
