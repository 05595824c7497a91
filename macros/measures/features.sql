{# What was known of a flight before it left (docs/features.md). #}

{# The moment up to which features may know: two hours before the scheduled departure. #}
{% macro features_cutoff(scheduled_departure_at_utc) -%}
    {{ scheduled_departure_at_utc }} - interval '2' hour
{%- endmacro %}


{# How far back the state of an airport or carrier looks, and after what time a flight that has not left no longer counts as waiting. #}
{% macro state_minutes() %}{{ return(180) }}{% endmacro %}


{# How many days back the history of a carrier or route looks. #}
{% macro history_days() %}{{ return(28) }}{% endmacro %}


{# Of what there is a state, by what counts, and the column of flights that says which one. #}
{% macro state_subjects() %}
    {{ return([
        {'name': 'origin', 'counts': 'departure', 'code': 'origin_airport_code_iata'},
        {'name': 'destination', 'counts': 'arrival', 'code': 'destination_airport_code_iata'},
        {'name': 'carrier', 'counts': 'departure', 'code': 'carrier_code'},
    ]) }}
{% endmacro %}


{# Of what there is a history of days, and the expression that says which one. #}
{% macro history_subjects() %}
    {{ return([
        {'name': 'carrier', 'code': 'carrier_code'},
        {'name': 'route', 'code': "origin_airport_code_iata || '-' || destination_airport_code_iata"},
    ]) }}
{% endmacro %}


{# What is looked up for a flight: in which model, of whom, and for which moment. #}
{% macro feature_lookups() %}
    {%- set cutoff = features_cutoff('scheduled_departure_at_utc') -%}
    {%- set lookups = [
        {'subject': 'origin', 'code': 'origin_airport_code_iata', 'moment': "date_trunc('hour', scheduled_departure_at_utc)"},
        {'subject': 'destination', 'code': 'destination_airport_code_iata', 'moment': "date_trunc('hour', scheduled_arrival_at_utc)"},
    ] -%}
    {%- for lookup in lookups -%}
        {%- do lookup.update({'name': lookup.subject ~ '_schedule', 'model': 'int_features__schedules', 'column': 'scheduled_hour_utc'}) -%}
    {%- endfor -%}
    {%- for subject in state_subjects() -%}
        {%- do lookups.append({
            'name': subject.name ~ '_state', 'model': 'int_features__states', 'subject': subject.name, 'code': subject.code,
            'column': 'state_at_utc', 'moment': quarter_of_hour(cutoff),
        }) -%}
    {%- endfor -%}
    {%- for subject in history_subjects() -%}
        {%- do lookups.append({
            'name': subject.name ~ '_history', 'model': 'int_features__histories', 'subject': subject.name, 'code': subject.code,
            'column': 'day_utc', 'moment': 'cast(' ~ cutoff ~ ' as date)',
        }) -%}
    {%- endfor -%}
    {{ return(lookups) }}
{% endmacro %}


{#
    When it is known how a flight ended. An arrival has a time. The files do not say when a flight was cancelled or diverted: a day
    after it was to leave, or left, everybody knows.
#}
{% macro outcome_known_at(alias) -%}
    case
        when {{ alias }}.arr_delay_minutes is not null then {{ alias }}.actual_arrival_at_utc
        when {{ alias }}.is_cancelled or {{ alias }}.is_diverted
            then coalesce({{ alias }}.actual_departure_at_utc, {{ alias }}.scheduled_departure_at_utc) + interval '1' day
    end
{%- endmacro %}


{#
    What a day's flights are for. Ten weeks from Monday to Sunday go round for ever: seven to learn from, one to choose by, two to test
    on. It depends on the day alone, so no new month moves a flight to another part, and over the years each season is in each part.
    First and last day of the seven weeks belong to none, so that nothing is learned from the day next to those that test it.
#}
{% macro time_split(date) -%}
    {%- set day_of_round = days_between("date '1987-09-28'", date) ~ ' % 70' -%}
    case
        when {{ day_of_round }} in (0, 48) then 'gap'
        when {{ day_of_round }} < 48 then 'train'
        when {{ day_of_round }} < 56 then 'validation'
        else 'test'
    end
{%- endmacro %}
