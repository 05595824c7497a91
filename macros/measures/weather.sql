{# What an hourly observation measures; the glossary says in which units. #}
{% macro weather_measures() %}
    {{ return([
        'temperature_fahrenheit',
        'dew_point_fahrenheit',
        'relative_humidity_pct',
        'wind_direction_degrees',
        'wind_speed_mph',
        'wind_gust_mph',
        'precipitation_inches',
        'sea_level_pressure_millibars',
        'visibility_miles',
    ]) }}
{% endmacro %}
