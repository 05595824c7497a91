{%- set lookups = feature_lookups() -%}

with all_flights as (

    {{ missing_months_of('int_flights') }}

),
{%- for lookup in lookups %}

{{ lookup.name }} as (

    {{ missing_months_of(lookup.model) }} and input.subject = '{{ lookup.subject }}'

),
{%- endfor %}

weather as (

    {{ missing_months_of('int_weather__hourly') }}

),

{{ weather_by_hour(measured_weather_sources()) }},

-- without a schedule there is no moment up to which anything is known
flights as (

    select
        *,
        {%- for lookup in lookups %}
        {{ lookup.code }} as {{ lookup.name }}_code,
        {{ lookup.moment }} as {{ lookup.name }}_moment,
        {%- endfor %}
        {{ features_cutoff('scheduled_departure_at_utc') }} as cutoff_at_utc
    from all_flights
    where scheduled_departure_at_utc is not null

)

select
    flights.month_version_id as version_id,
    flights.flight_key,
    flights.flight_month,
    flights.flight_date_local,
    flights.carrier_code,
    flights.flight_number,
    flights.origin_airport_code_iata,
    flights.destination_airport_code_iata,
    flights.scheduled_departure_at_local,
    flights.scheduled_departure_at_utc,
    flights.scheduled_arrival_at_local,
    flights.cutoff_at_utc,
    flights.distance_miles,
    {{ minutes_between('flights.scheduled_departure_at_utc', 'flights.scheduled_arrival_at_utc') }} as scheduled_minutes,
    origin_schedule.flights as origin_departures_in_hour,
    destination_schedule.flights as destination_arrivals_in_hour,
    {%- for subject in state_subjects() %}
    {{ subject.name }}_state.movements as {{ subject.name }}_{{ subject.counts }}s_3h,
    {{ subject.name }}_state.mean_delay_minutes as {{ subject.name }}_mean_{{ subject.counts[:3] }}_delay_minutes_3h,
    {{ subject.name }}_state.late_pct as {{ subject.name }}_late_{{ subject.counts }}s_pct_3h,
    {%- endfor %}
    origin_state.waiting as origin_waiting_3h,
    carrier_state.waiting as carrier_waiting_3h,
    {%- for it in history_subjects() %}{% for measure in ['flights', 'cancelled_pct', 'on_time_pct', 'mean_arr_delay_minutes'] %}
    {{ it.name }}_history.{{ measure }} as {{ it.name }}_{{ measure }}_28d,
    {%- endfor %}{% endfor %}
    {%- for end in ['origin', 'destination'] %}
    {%- for measure in known_weather_measures() %}
    {{ end }}_weather.{{ measure }} as {{ end }}_{{ measure }},
    {%- endfor %}
    {{ minutes_between(end ~ '_weather.observed_at_utc', 'flights.cutoff_at_utc') }} as {{ end }}_weather_age_minutes,
    {%- endfor %}
    flights.arr_delay_minutes >= {{ late_minutes() }} as target_is_late_15,
    flights.arr_delay_minutes as target_arr_delay_minutes,
    flights.dep_delay_minutes as target_dep_delay_minutes,
    flights.is_cancelled as target_is_cancelled,
    flights.is_diverted as target_is_diverted,
    flights.is_on_time as target_is_on_time
from flights
-- a month has one version of each, hence they are joined by month
{% for lookup in lookups -%}
left join {{ lookup.name }}
    on {{ lookup.name }}.flight_month = flights.flight_month
    and {{ lookup.name }}.code = flights.{{ lookup.name }}_code
    and {{ lookup.name }}.{{ lookup.column }} = flights.{{ lookup.name }}_moment
{% endfor -%}
{% for end in ['origin', 'destination'] -%}
left join hours as {{ end }}_weather
    on {{ end }}_weather.counts_in_hour
    = {{ hour_of_airport('flights.month_version_id', 'flights.' ~ end ~ '_airport_code_iata', 'flights.cutoff_at_utc') }}
    and {{ is_known_at(end ~ '_weather', 'flights.cutoff_at_utc') }}
{% endfor -%}
