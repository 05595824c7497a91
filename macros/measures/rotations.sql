{# Rotations: the flights of one aircraft, one after the other. #}

{# The time on the ground below which no airline plans: what a late arrival needs before the next departure. #}
{% macro shortest_turnaround_minutes() %}{{ return(30) }}{% endmacro %}


{# After so many days without a flight a chain starts anew: the aircraft was in maintenance, or its flights are not in the files. #}
{% macro longest_rest_days() %}{{ return(3) }}{% endmacro %}
